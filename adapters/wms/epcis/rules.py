"""What the standard demands across members, and the language of contracts can't say.

GS1 EPCIS 2.0, section 7.4: which members an event needs depends on its type, its action and its other
members. A member of a wrong type is left to the contract, which names the place better.
"""

from collections.abc import Callable, Iterator
from typing import Any

from contracts.errors import ContractViolated, Violation
from contracts.places import Place, path, pointer
from contracts.validation import VIOLATIONS_LIMIT

Event = dict[str, Any]
Finding = tuple[Place, str, str]  # where, the keyword of JSON Schema for such a fault, the sentence


def refuse(contract: str, findings: list[Finding], root: str) -> None:
    """Raises: ContractViolated where anything was found."""
    if not findings:
        return
    violations = tuple(
        Violation(pointer=pointer(place), path=path(place, root), keyword=keyword, detail=detail)
        for place, keyword, detail in findings[:VIOLATIONS_LIMIT]
    )
    first = violations[0]
    raise ContractViolated(
        f"the document breaks {contract}; first {first.path}: {first.detail}", violations, contract
    )


def event_findings(event: Event) -> list[Finding]:
    """Return what an event lacks, or has and must not have, whichever syntax it came in."""
    of_type = _BY_TYPE.get(str(event.get("type")))
    findings = list(of_type(event)) if of_type else []
    persistent = event.get("persistentDisposition")
    if isinstance(persistent, dict) and not persistent.keys() & {"set", "unset"}:
        findings.append((("persistentDisposition",), "anyOf", "set or unset is expected"))
    return findings


def _object_event(event: Event) -> Iterator[Finding]:
    has_sensor_data = _is_filled(event, "sensorElementList") and "readPoint" in event
    if "epcList" not in event and not _is_filled(event, "quantityList") and not has_sensor_data:
        yield (
            ("epcList",),
            "required",
            "objects are expected in epcList or quantityList, or else sensor data and a readPoint",
        )
    if "ilmd" in event and event.get("action") in ("OBSERVE", "DELETE"):
        yield ("ilmd",), "not", "ilmd stands in an event with action ADD only"


def _aggregation_event(event: Event) -> Iterator[Finding]:
    if "parentID" not in event and event.get("action") in ("ADD", "DELETE"):
        yield ("parentID",), "required", f"action {event['action']} needs the parent"
    yield from _association_event(event)


def _association_event(event: Event) -> Iterator[Finding]:
    has_children = _is_filled(event, "childEPCs") or _is_filled(event, "childQuantityList")
    if not has_children and event.get("action") in ("ADD", "OBSERVE"):
        where = "childEPCs or childQuantityList"
        yield ("childEPCs",), "required", f"action {event['action']} needs children in {where}"


def _transaction_event(event: Event) -> Iterator[Finding]:
    has_objects = "epcList" in event or _is_filled(event, "quantityList")
    if not has_objects and event.get("action") in ("ADD", "OBSERVE"):
        where = "epcList or quantityList"
        yield ("epcList",), "required", f"action {event['action']} needs objects in {where}"


def _transformation_event(event: Event) -> Iterator[Finding]:
    """A transformation that is told in several events, joined by an id, may name one side in each."""
    sides = ("inputEPCList", "inputQuantityList"), ("outputEPCList", "outputQuantityList")
    empty = [names for names in sides if not any(_is_filled(event, name) for name in names)]
    if "transformationID" not in event or len(empty) == len(sides):
        for epcs, quantities in empty:
            yield (epcs,), "required", f"objects are expected in {epcs} or {quantities}"


def _is_filled(event: Event, name: str) -> bool:
    """Say whether a list has anything in it; what is no list is the contract's to refuse."""
    return name in event and event[name] != []


_BY_TYPE: dict[str, Callable[[Event], Iterator[Finding]]] = {
    "ObjectEvent": _object_event,
    "AggregationEvent": _aggregation_event,
    "AssociationEvent": _association_event,
    "TransactionEvent": _transaction_event,
    "TransformationEvent": _transformation_event,
}
