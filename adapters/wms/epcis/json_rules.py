"""What JSON-LD demands of EPCIS's names and lists, and the language of contracts can't say.

GS1 EPCIS 2.0, section 10: a vendor's member has a prefix or is a URI, so that a name without a colon is
either EPCIS's or a mistake, which JSON-LD would drop without a word.
"""

from collections.abc import Iterator
from typing import Any

from adapters.wms.epcis.rules import Event, Finding
from contracts.places import Place

_MEMBERS = frozenset({
    "type", "eventTime", "recordTime", "eventTimeZoneOffset", "eventID", "certificationInfo",
    "errorDeclaration", "declarationTime", "reason", "correctiveEventIDs", "action", "bizStep",
    "disposition", "persistentDisposition", "set", "unset", "readPoint", "bizLocation", "id",
    "bizTransactionList", "bizTransaction", "sourceList", "source", "destinationList", "destination",
    "sensorElementList", "sensorMetadata", "sensorReport", "time", "startTime", "endTime", "deviceID",
    "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules", "exception", "microorganism",
    "chemicalSubstance", "coordinateReferenceSystem", "component", "value", "stringValue", "booleanValue",
    "hexBinaryValue", "uriValue", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue",
    "ilmd", "parentID", "transformationID", "epcList", "childEPCs", "inputEPCList", "outputEPCList",
    "quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList", "epcClass", "quantity",
    "uom",
})  # fmt: skip
_PLACES = frozenset({"readPoint", "bizLocation"})  # the standard leaves them open
_NO_TWINS = ("epcList", "inputEPCList", "outputEPCList")


def json_findings(event: Event) -> list[Finding]:
    """Return the names that nobody knows, sensor reports without a type, and EPCs that stand twice."""
    findings = [*_unknown_names(event, ())]
    findings += _reports_without_type(event)
    # the standard lets a transaction name an object twice
    for name in _NO_TWINS if event.get("type") != "TransactionEvent" else ():
        findings += _twins(event, name)
    return findings


def _unknown_names(value: Any, place: Place) -> Iterator[Finding]:
    """Go through everything but vendors' members: what is below them is theirs."""
    if isinstance(value, list):
        for index, element in enumerate(value):
            yield from _unknown_names(element, (*place, index))
    for name, member in value.items() if isinstance(value, dict) else ():
        if name in _MEMBERS:
            if name not in _PLACES:
                yield from _unknown_names(member, (*place, name))
        elif ":" not in name and not name.startswith("@"):
            sentence = "this is no member of an event, and a vendor's has a prefix"
            yield (*place, name), "additionalProperties", sentence


def _reports_without_type(event: Event) -> Iterator[Finding]:
    elements = event.get("sensorElementList")
    for index, element in enumerate(elements if isinstance(elements, list) else ()):
        reports = element.get("sensorReport") if isinstance(element, dict) else None
        for number, report in enumerate(reports if isinstance(reports, list) else ()):
            if isinstance(report, dict) and "type" not in report:
                place = ("sensorElementList", index, "sensorReport", number, "type")
                yield place, "required", "what was measured is expected"


def _twins(event: Event, name: str) -> Iterator[Finding]:
    epcs = event.get(name)
    seen: set[str] = set()
    for index, epc in enumerate(epcs if isinstance(epcs, list) else ()):
        if isinstance(epc, str):
            if epc in seen:
                yield (name, index), "uniqueItems", "this stands in the list before"
            seen.add(epc)
