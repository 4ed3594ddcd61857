"""The Core Business Vocabulary: its values in every spelling that senders use, and as bare words.

GS1 CBV 2.0, sections 7 and 8. A value is written as a URN (`urn:epcglobal:cbv:disp:damaged`), as a Web URI
(`https://ref.gs1.org/cbv/Disp-damaged`), with a prefix (`cbv:Disp-damaged`) or, in JSON, as the bare word.
What is not in the vocabulary is a sender's own URI and stays as it is.
"""

import re
from typing import Any

BIZ_STEPS = frozenset({
    "accepting", "arriving", "assembling", "collecting", "commissioning", "consigning",
    "creating_class_instance", "cycle_counting", "decommissioning", "departing", "destroying",
    "disassembling", "dispensing", "encoding", "entering_exiting", "holding", "inspecting", "installing",
    "inventory_check", "killing", "loading", "other", "packing", "picking", "receiving", "removing",
    "repackaging", "repairing", "replacing", "reserving", "retail_selling", "sampling", "sensor_reporting",
    "shipping", "staging_outbound", "stock_taking", "stocking", "storing", "transporting", "unloading",
    "unpacking", "void_shipping",
})  # fmt: skip
DISPOSITIONS = frozenset({
    "active", "available", "completeness_inferred", "completeness_verified", "conformant", "container_closed",
    "container_open", "damaged", "destroyed", "dispensed", "disposed", "encoded", "expired", "in_progress",
    "in_transit", "inactive", "mismatch_class", "mismatch_instance", "mismatch_quantity",
    "needs_replacement", "no_pedigree_match", "non_conformant", "non_sellable_damaged",
    "non_sellable_disposed", "non_sellable_expired", "non_sellable_no_pedigree_match", "non_sellable_other",
    "non_sellable_recalled", "partially_dispensed", "recalled", "reserved", "retail_sold", "returned",
    "sellable_accessible", "sellable_not_accessible", "stolen", "unavailable", "unknown",
})  # fmt: skip
TRANSACTION_TYPES = frozenset({
    "bol", "cert", "desadv", "inv", "pedigree", "po", "poc", "prodorder", "recadv", "rma", "testprd",
    "testres", "upevt",
})  # fmt: skip
PARTY_TYPES = frozenset({"location", "owning_party", "possessing_party"})
ERROR_REASONS = frozenset({"did_not_occur", "incorrect_data"})

_URN = re.compile(r"urn:epcglobal:cbv:[a-z]+:([a-z_]+)")
_WEB = re.compile(r"(?:https?://(?:ref|ns)\.gs1\.org/cbv/|cbv:)[A-Za-z]+-([a-z_]+)")
_EVENT_TYPE = re.compile(r"(?:https?://(?:ref|ns)\.gs1\.org/epcis/|epcis:)([A-Za-z]+Event)")
_GS1_TERM = re.compile(r"(?:https?://(?:www\.)?gs1\.org/voc/|gs1:)([A-Za-z_]+)")


def to_bare_words(event: dict[str, Any]) -> None:
    """Write each value of the vocabularies in an event as its bare word, whatever the sender's spelling."""
    if isinstance(event.get("type"), str) and (own := _EVENT_TYPE.fullmatch(event["type"])):
        event["type"] = own.group(1)
    _replace(event, "bizStep", BIZ_STEPS)
    _replace(event, "disposition", DISPOSITIONS)
    persistent = event.get("persistentDisposition")
    for name in ("set", "unset"):
        words = persistent.get(name) if isinstance(persistent, dict) else None
        if isinstance(persistent, dict) and isinstance(words, list):
            persistent[name] = [_word(value, DISPOSITIONS) for value in words]
    for each in _objects(event.get("bizTransactionList")):
        _replace(each, "type", TRANSACTION_TYPES)
    for each in (*_objects(event.get("sourceList")), *_objects(event.get("destinationList"))):
        _replace(each, "type", PARTY_TYPES)
    for each in _objects([event.get("errorDeclaration")]):
        _replace(each, "reason", ERROR_REASONS)
    for element in _objects(event.get("sensorElementList")):
        for report in _objects(element.get("sensorReport")):
            for name in ("type", "component", "exception"):
                _replace(report, name, None)


def _objects(values: Any) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _replace(holder: dict[str, Any], name: str, words: frozenset[str] | None) -> None:
    if name in holder:
        holder[name] = _word(holder[name], words)


def _word(value: Any, words: frozenset[str] | None) -> Any:
    """Return the bare word of a value that is in `words`, or of any term of GS1's where they are None."""
    if not isinstance(value, str):
        return value
    found = _URN.fullmatch(value) or _WEB.fullmatch(value) or _GS1_TERM.fullmatch(value)
    word = found.group(1) if found else value
    return word if words is None or word in words else value
