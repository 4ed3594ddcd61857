"""What each owner is sent, read from the routes; and examples, made by what makes deliveries."""

from pathlib import Path

import msgspec
from msgspec import Struct

from contracts import ids
from contracts.canonical import SPOKEN_MAJOR, RetailException
from contracts.documents import Arrival
from contracts.errors import EventError
from contracts.folder import read_json
from contracts.registry import ContractVersion
from gateway.bootstrap import Installation, renderer
from gateway.documents.examples import example_files
from routing.broker.commit import Outgoing
from routing.items import FoundException, RoutedItem, RouterItem, TriagedException
from routing.routes_file import Row, names
from routing.subscriptions import Subscriptions
from routing.triage.rules import RuleTriage

_SEQUENCE = 4711
_RECEIVED_AT = "2026-11-25T08:00:00Z"
_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_SOURCE = "canonical-demo"


class Example(Struct, frozen=True, kw_only=True):
    """A delivery of an example of a contract; `name` is the example's."""

    name: str
    owner: str
    delivery: str
    message: Outgoing


def delivered_version(installation: Installation, owner: str, category: str) -> ContractVersion | None:
    """Return the version of its contract in which an owner gets an exception; None where it gets none."""
    try:
        subscriptions = Subscriptions(installation.registry, installation.owners)
        return subscriptions.version(owner, f"exception-{category}")
    except EventError:  # every version is retired: what comes is a dead letter
        return None


def categories_of(installation: Installation, owner: str) -> tuple[str, ...]:
    """Return the categories of which some row may send the owner an exception, in the taxonomy's order."""
    rows = [row for row in installation.routes.rows if owner in row.owners]
    sent = {category for row in rows for category in _categories_of_row(installation, row)}
    return tuple(each.value for each in installation.taxonomy.categories if each.value in sent)


def examples(installation: Installation, version: ContractVersion, owner: str) -> list[Example]:
    """Return what the router makes for `owner`, or for others who read `version`, of each valid example.

    The examples are those of the major that we speak; the rules decide, for they are always there. Where the
    routes send none of them to who reads `version`, `owner` is shown what its first row would send it.
    """
    try:
        spoken = installation.registry.readable(version.name, SPOKEN_MAJOR)
        routed = [
            (file.stem, _routed(installation, spoken, _exception(file), file.stem))
            for file in example_files(spoken, "valid")
        ]
        made = [_made(installation, version, owner, name, item) for name, item in routed]
        if not any(made):
            row = _row(installation, owner, version.name.removeprefix("exception-"))
            made = [_made(installation, version, owner, name, _sent_by(row, item)) for name, item in routed]
    except EventError:  # such as a major that no cast leads to: its deliveries are dead letters
        return []
    return [each for each in made if each is not None]


def _exception(file: Path) -> RetailException:
    return msgspec.convert(read_json(file), RetailException)


def _made(
    installation: Installation, version: ContractVersion, owner: str, name: str, item: RoutedItem
) -> Example | None:
    """Return the delivery in `version`, the owner's before another's; None where nobody gets one."""
    rendered = renderer(installation).render(item)
    schema = f"/{version.name}/{version.version}"
    made = [
        Example(name=name, owner=entry.owner, delivery=entry.delivery, message=message)
        for entry, message in zip(rendered.entries, rendered.deliveries, strict=True)
        if msgspec.json.decode(message.body)["dataschema"].endswith(schema)
    ]
    return min(made, key=lambda each: each.owner != owner, default=None)


def _sent_by(row: Row, item: RoutedItem) -> RoutedItem:
    chosen = [msgspec.structs.replace(each, owners=row.owners, row=row.name) for each in item.exceptions]
    return msgspec.structs.replace(item, exceptions=tuple(chosen))


def _row(installation: Installation, owner: str, category: str) -> Row:
    rows = (row for row in installation.routes.rows if owner in row.owners)
    return next(row for row in rows if category in _categories_of_row(installation, row))


def _routed(
    installation: Installation, version: ContractVersion, exception: RetailException, name: str
) -> RoutedItem:
    found = FoundException(
        exception_id=ids.exception_id(ids.event_id(_SOURCE, name), exception.category, exception.key),
        event_id=ids.event_id(_SOURCE, name),
        source=_SOURCE,
        system="canonical",
        contract=version.identifier,
        exception=exception,
    )
    (decision,) = RuleTriage(installation.taxonomy, installation.settings.triage).decide([found])
    item = RouterItem(
        sequence=_SEQUENCE,
        partition=0,
        event_id=found.event_id,
        source=_SOURCE,
        contract=version.identifier,
        arrival=Arrival(body=b"", media_type="application/cloudevents+json"),
        received_at=_RECEIVED_AT,
        key=ids.order_key(exception.key),
        trace=_TRACE,
    )
    routed = installation.routes.route(TriagedException(found=found, decision=decision))
    return RoutedItem(item=item, facts=(), exceptions=(routed,))


def _categories_of_row(installation: Installation, row: Row) -> set[str]:
    every = {category.value for category in installation.taxonomy.categories}
    wanted = names(row.match.category)
    causes = names(row.match.root_cause)
    found = every if wanted is None else every & wanted
    if causes is not None:
        leaves = installation.taxonomy.leaves
        found &= {leaves[cause].category.value for cause in causes}
    return found
