"""Every setting as frozen structs, and `load`, which reads them from TOML files and the environment."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from contracts import subjects
from gateway.settings_files import (
    Raw,
    SettingsError,
    convert,
    find,
    folder_beside,
    is_default,
    put,
    read,
    variables,
)
from observability.log import LogSettings
from observability.spans import TracingSettings
from routing.broker.streams import StreamSettings
from routing.delivery.settings import DeliverySettings
from routing.router import RouterSettings
from routing.series import SeriesSettings
from routing.triage.decision import TriageSettings

__all__ = [
    "AuthSettings", "BrokerSettings", "ClientSettings", "HttpSettings", "Settings", "SettingsError",
    "SourceSettings", "lint", "load",
]  # fmt: skip

MIB = 1 << 20
ANY_SOURCE = "*"
ENVIRONMENT = "environment"

T = TypeVar("T")

Port = Annotated[int, Meta(ge=0, le=65_535)]
Positive = Annotated[int, Meta(ge=1)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
Version = Annotated[str, Meta(pattern=r"^([0-9]+(\.[0-9]+\.[0-9]+)?)?$")]
# without a user or a password: those stand in a credentials file
BrokerUrl = Annotated[str, Meta(pattern="^((nats|tls)://[^@/]+)?$")]
Algorithm = Literal["ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
Scope = Literal[
    "events:write", "events:read", "contracts:read", "deadletters:read", "deadletters:write",
    "payloads:read", "admin",
]  # fmt: skip


class HttpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the gateway listens and how much it takes at once. Port 0: the system picks a free one.

    `base_url` is what senders see where a proxy stands before us; empty: made from host and port. A check of
    a candidate contract runs in a process of its own, of which there are `checks_in_flight_limit` at most.
    """

    host: str = "127.0.0.1"
    port: Port = 8080
    base_url: str = ""
    body_limit_bytes: Positive = 4 * MIB
    batch_limit_bytes: Positive = 64 * MIB
    items_limit: Positive = 10_000
    requests_in_flight_limit: Positive = 512
    bytes_in_flight_limit: Positive = 128 * MIB
    check_limit_bytes: Positive = 256 << 10
    check_seconds: Positive = 10
    check_memory_bytes: Annotated[int, Meta(ge=256 * MIB)] = 512 * MIB
    checks_in_flight_limit: Positive = 2
    tls_certificate_file: str = ""
    tls_key_file: str = ""

    def __post_init__(self) -> None:
        if bool(self.tls_certificate_file) != bool(self.tls_key_file):
            raise ValueError("`tls_certificate_file` and `tls_key_file` go together")


class BrokerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which broker. An empty `url` means the embedded one, `binary` then its nats-server.

    For an external broker `credentials_folder` holds one `<user>.json` for each user
    (`routing.broker.connection.Credentials`); where there is none, `url` and `ca_file` alone are used.
    """

    url: BrokerUrl = ""
    credentials_folder: str = ""
    ca_file: str = ""
    binary: str = ""
    streams: StreamSettings = StreamSettings()


class AuthSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose tokens are taken. An empty `issuer` means the local one of the data folder."""

    issuer: str = ""
    audience: str = "crossdock"
    jwks_file: str = ""
    jwks_url: str = ""
    algorithms: tuple[Algorithm, ...] = ("ES256",)
    leeway_seconds: Annotated[int, Meta(ge=0, le=300)] = 30

    def __post_init__(self) -> None:
        if self.issuer and bool(self.jwks_file) == bool(self.jwks_url):
            raise ValueError("an `issuer` needs `jwks_file` or `jwks_url`, and not both")
        if not self.issuer and (self.jwks_file or self.jwks_url):
            raise ValueError("`jwks_file` and `jwks_url` need an `issuer`")


class ClientSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client's token may carry, and for which sources it may send; `*` stands for all."""

    scopes: tuple[Scope, ...]
    sources: tuple[str, ...] = ()


class SourceSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One registered sender.

    `contracts` maps the names that it may send to the version it is pinned to, or to a major (empty: the
    newest); without any it may send all of its system. `reports_gaps` is false where its numbers have gaps
    by design. Without `hash_key_file` and `webhook_secret_files` the data folder's own are used; two webhook
    secrets are valid at once during a rotation. `layout` names the layout of the drop files that it sends;
    without it a file is in the layout that its first lines fit.
    """

    system: str
    title: str = ""
    contracts: dict[str, Version] = {}
    time_zone: str = "UTC"
    currency: Currency = "EUR"
    hash_key_file: str = ""
    hash_key_id: str = "1"
    on_violation: Literal["reject", "dead_letter"] = "reject"
    layout: str = ""
    reports_gaps: bool = True
    webhook_secret_files: Annotated[tuple[str, ...], Meta(max_length=2)] = ()

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"`{self.time_zone}` is not an IANA time zone") from None


class Settings(Struct, frozen=True, kw_only=True):
    """All settings of one installation; `owners_file` and `routes_file` are read by whom they belong to.

    `layouts_folder` is None where there is none beside the settings.
    """

    http: HttpSettings
    broker: BrokerSettings
    auth: AuthSettings
    log: LogSettings
    tracing: TracingSettings
    router: RouterSettings
    delivery: DeliverySettings
    triage: TriageSettings
    series: SeriesSettings
    clients: dict[str, ClientSettings]
    sources: dict[str, SourceSettings]
    owners_file: Path
    routes_file: Path
    layouts_folder: Path | None


class _MainFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    http: HttpSettings = HttpSettings()
    broker: BrokerSettings = BrokerSettings()
    auth: AuthSettings = AuthSettings()
    log: LogSettings = LogSettings()
    tracing: TracingSettings = TracingSettings()
    router: RouterSettings = RouterSettings()
    delivery: DeliverySettings = DeliverySettings()
    triage: TriageSettings = TriageSettings()
    series: SeriesSettings = SeriesSettings()
    clients: dict[str, Any] = {}


class _SourcesFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sources: dict[str, Any] = {}


def load(place: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings: `place` is `crossdock.toml` or its folder; a file that isn't there has its default.

    A variable `CROSSDOCK__HTTP__PORT` comes last and wins; in the names of clients and sources `_` stands
    for a hyphen. Relative paths are taken from the folder of the file that they stand in.

    Raises: SettingsError, naming the file (or the variable) and the key.
    """
    main_file, sources_file = find(place, "crossdock.toml"), find(place, "sources.toml")
    main, sources = read(main_file), read(sources_file)
    # first what the files say by themselves, so that a fault of theirs is not blamed on the environment
    (found, clients), named_sources = _main(main, main_file.name), _sources(sources, sources_file.name)
    overrides = tuple(variables(environ))
    for keys, value in overrides:
        put(sources if keys[0] == "sources" else main, keys, value)
    if overrides:
        found, clients = _main(main, ENVIRONMENT, strict=False)
        named_sources = _sources(sources, ENVIRONMENT, strict=False)
    if is_default(main_file):  # its clients are those of the demo sources, which may not be there
        clients = {name: client for name, client in clients.items() if not _missing(client, named_sources)}
    return Settings(
        http=found.http,
        broker=found.broker,
        auth=found.auth,
        log=found.log,
        tracing=found.tracing,
        router=found.router,
        delivery=found.delivery,
        triage=found.triage,
        series=found.series,
        clients=clients,
        sources=named_sources,
        owners_file=find(place, "owners.toml"),
        routes_file=find(place, "routes.toml"),
        layouts_folder=folder_beside(place, "layouts"),
    )


def lint(settings: Settings) -> list[str]:
    """Return a line for each setting that can be read and still can't be meant."""
    nobody = ["crossdock.toml: nobody could get a token: there are no `[clients.<name>]`"]
    return (nobody if not settings.clients else []) + [
        f"crossdock.toml: `{source}` is not among the sources - at `$.clients.{name}.sources`"
        for name, client in settings.clients.items()
        for source in _missing(client, settings.sources)
    ]


def _missing(client: ClientSettings, sources: Collection[str]) -> list[str]:
    return [source for source in client.sources if source != ANY_SOURCE and source not in sources]


def _main(raw: Raw, origin: str, *, strict: bool = True) -> tuple[_MainFile, dict[str, ClientSettings]]:
    found = convert(raw, _MainFile, origin, strict=strict)
    return found, _named(found.clients, ClientSettings, origin, "$.clients", strict=strict)


def _sources(raw: Raw, origin: str, *, strict: bool = True) -> dict[str, SourceSettings]:
    found = convert(raw, _SourcesFile, origin, strict=strict)
    return _named(found.sources, SourceSettings, origin, "$.sources", strict=strict)


def _named(raw: Raw, wanted: type[T], origin: str, key: str, *, strict: bool) -> dict[str, T]:
    for name in raw:
        if not subjects.is_token(name):
            raise SettingsError(
                f"{origin}: `{name}` is no name; lower-case letters, digits and hyphens are - at `{key}`"
            )
    # one by one, because msgspec does not say in which entry of a table a fault is
    return {
        name: convert(value, wanted, origin, f"{key}.{name}", strict=strict) for name, value in raw.items()
    }
