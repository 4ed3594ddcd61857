"""The registered sources, and which of them a sender speaks for."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from contracts.documents import Source
from contracts.errors import NotAuthorised, NotFound, RequestInvalid

CANONICAL_SYSTEM = "canonical"
ANY = "*"


class Sender(Struct, frozen=True, kw_only=True):
    """Who sends, proven. `scopes` and `sources` are what it may, `*` among the sources stands for all."""

    client: str
    scopes: frozenset[str]
    sources: frozenset[str]

    def may_speak_for(self, source: str) -> bool:
        """Say whether this source is the sender's."""
        return source in self.sources or ANY in self.sources

    def require(self, scope: str) -> None:
        """Raises: NotAuthorised where the sender lacks `scope`."""
        if scope not in self.scopes:
            raise NotAuthorised(f"this needs the scope {scope}")


class RegisteredSource(Struct, frozen=True, kw_only=True):
    """One sender as the gateway knows it.

    `contracts` maps the names that it may send to the version it is pinned to, empty for the newest; without
    any it may send all of its system. `webhook_secrets` are the one or two that a vendor's signature may be
    made with, or that it repeats in its messages; without any neither is taken. `layout` is that of its drop
    files, empty where each file shows or says its own. `title` is for people.
    """

    source: Source
    title: str = ""
    contracts: Mapping[str, str] = {}
    on_violation: Literal["reject", "dead_letter"] = "reject"
    webhook_secrets: tuple[bytes, ...] = ()
    layout: str = ""

    @property
    def name(self) -> str:
        """Its name, fit for a subject."""
        return self.source.name


class Sources:
    """All registered sources by name."""

    def __init__(self, registered: Mapping[str, RegisteredSource]) -> None:
        self._registered = dict(registered)

    def get(self, name: str) -> RegisteredSource | None:
        """Return a source, or None; says nothing of who may use it."""
        return self._registered.get(name)

    def of_sender(self, sender: Sender, name: str) -> RegisteredSource:
        """Return the source if it is the sender's.

        Raises: NotAuthorised, also for a name that doesn't exist, so that nobody learns which names do;
        NotFound for one who may use all.
        """
        if not sender.may_speak_for(name):
            raise NotAuthorised(f"the source {name[:64]!r} is not one of this client's")
        found = self._registered.get(name)
        if found is None:
            raise NotFound(f"there is no source {name[:64]!r}")
        return found

    def canonical_of_sender(self, sender: Sender, named: str | None) -> RegisteredSource:
        """Return the source of a sender of canonical events: the one named, else the only one it may use.

        Raises: NotAuthorised, NotFound (see `of_sender`); RequestInvalid where it must say which.
        """
        if named is not None:
            found = self.of_sender(sender, named)
            if found.source.system != CANONICAL_SYSTEM:
                raise RequestInvalid(f"the source {named!r} sends to /v1/sources/{named}/events")
            return found
        usable = [
            each
            for each in self._registered.values()
            if each.source.system == CANONICAL_SYSTEM and sender.may_speak_for(each.name)
        ]
        if not usable:
            raise NotAuthorised("none of this client's sources sends canonical events")
        if len(usable) > 1:
            names = ", ".join(each.name for each in usable[:20])
            raise RequestInvalid(f"say for which source, in the header Xd-Source or as ?source=: {names}")
        return usable[0]
