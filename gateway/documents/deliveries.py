"""What each owner is sent, read from the routes; and examples, made by what makes deliveries."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from contracts import ids
from contracts.canonical import SPOKEN_MAJOR, RetailException
from contracts.documents import Arrival
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


def delivered_version(installation: Installation, owner: str, category: str) -> ContractVersion:
    """Return the version of its contract in which an owner gets an exception.

    Raises: ContractUnknown, NoPath, as the router would.
    """
    return Subscriptions(installation.registry, installation.owners).version(owner, f"exception-{category}")


def categories_of(installation: Installation, owner: str) -> tuple[str, ...]:
    """Return the categories of which some row may send the owner an exception, in the taxonomy's order."""
    rows = [row for row in installation.routes.rows if owner in row.owners]
    sent = {category for row in rows for category in _categories_of_row(installation, row)}
    return tuple(each.value for each in installation.taxonomy.categories if each.value in sent)


def examples(installation: Installation, version: ContractVersion, owner: str) -> Iterator[Example]:
    """Yield what the router makes for `owner`, or for others who read `version`, of each valid example.

    The examples are those of the major that we speak; the rules decide, for they are always there.
    """
    spoken = installation.registry.readable(version.name, SPOKEN_MAJOR)
    schema = f"/{version.name}/{version.version}"
    for file in example_files(spoken, "valid"):
        exception = msgspec.convert(read_json(file), RetailException)
        rendered = renderer(installation).render(_routed(installation, spoken, exception, file.stem))
        made = [
            Example(name=file.stem, owner=entry.owner, delivery=entry.delivery, message=message)
            for entry, message in zip(rendered.entries, rendered.deliveries, strict=True)
            if msgspec.json.decode(message.body)["dataschema"].endswith(schema)
        ]
        yield from sorted(made, key=lambda each: each.owner != owner)[:1]


def _routed(
    installation: Installation, version: ContractVersion, exception: RetailException, name: str
) -> RoutedItem:
    event = ids.event_id(_SOURCE, name)
    found = FoundException(
        exception_id=ids.exception_id(event, exception.category, exception.key),
        event_id=event,
        source=_SOURCE,
        system="canonical",
        contract=version.identifier,
        exception=exception,
    )
    (decision,) = RuleTriage(installation.taxonomy, installation.settings.triage).decide([found])
    routed = installation.routes.route(TriagedException(found=found, decision=decision))
    item = RouterItem(
        sequence=_SEQUENCE,
        partition=0,
        event_id=event,
        source=_SOURCE,
        contract=version.identifier,
        arrival=Arrival(body=b"", media_type="application/cloudevents+json"),
        received_at=_RECEIVED_AT,
        key=ids.order_key(exception.key),
        trace=_TRACE,
    )
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
