"""One event in XML, given the shape that it has in JSON: lists without their inner elements, no wrappers."""

import re
from collections.abc import Callable
from typing import Any

# a list's element, and the elements in it
LISTS = {
    "epcList": "epc",
    "childEPCs": "epc",
    "inputEPCList": "epc",
    "outputEPCList": "epc",
    "quantityList": "quantityElement",
    "childQuantityList": "quantityElement",
    "inputQuantityList": "quantityElement",
    "outputQuantityList": "quantityElement",
    "bizTransactionList": "bizTransaction",
    "sourceList": "source",
    "destinationList": "destination",
    "sensorElementList": "sensorElement",
    "correctiveEventIDs": "correctiveEventID",
}
_WRAPPERS = frozenset({"extension", "baseExtension"})
_NUMBERS = frozenset({
    "quantity", "value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue",
})  # fmt: skip
_NUMBER = re.compile(r"[+-]?([0-9]{1,30}([.][0-9]{0,30})?|[.][0-9]{1,30})([eE][+-]?[0-9]{1,2})?")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def event_in_json_shape(name: str, element: Any) -> dict[str, Any]:
    """Return an event's element as JSON would have it; what can't be is left as it is, for its contract."""
    event = {"type": name} | _object(element)
    return _observation(event) if name == "QuantityEvent" else event


def _observation(event: dict[str, Any]) -> dict[str, Any]:
    """Return a QuantityEvent as the ObjectEvent that took its place in 1.1 (EPCIS 1.1, section 7.4.4)."""
    quantity = {name: event.pop(name) for name in ("epcClass", "quantity") if name in event}
    return {**event, "type": "ObjectEvent", "action": "OBSERVE", "epcList": [], "quantityList": [quantity]}


def _object(element: Any) -> dict[str, Any]:
    """Return the members of an element, those of its wrappers among them, without what is empty."""
    shaped: dict[str, Any] = {}
    for name, value in element.items() if isinstance(element, dict) else ():
        if name in _WRAPPERS:
            for wrapper in value if isinstance(value, list) else [value]:
                shaped |= _object(wrapper)
        elif not name.startswith(("@xsi:", "#")):
            member = name.removeprefix("@")
            shaped[member] = _member(member, value)
    return {name: value for name, value in shaped.items() if value is not None}


def _member(name: str, value: Any) -> Any:
    """Return what a member holds, or None where it is empty."""
    if name in LISTS:
        return _list(LISTS[name], value)
    if isinstance(value, list):
        return [each for each in (_member(name, one) for one in value) if each is not None]
    if isinstance(value, dict):
        # `xsi:type` and `xsi:nil` are no members
        return _object(value) or _member(name, value.get("#text", ""))
    if name in _NUMBERS:
        return _number(value) if value else None
    return _BOOLEANS.get(value, value) if name == "booleanValue" else value or None


def _list(child: str, value: Any) -> Any:
    if value == "":
        return []
    if not isinstance(value, dict):
        return value
    of_child = _ELEMENTS.get(child)
    children = value.get(child, [])
    return [of_child(each) for each in children] if of_child else children


def _typed(name: str) -> Callable[[Any], dict[str, Any]]:
    """Return what reads an element that has its type as an attribute, and is an identifier itself."""

    def read(element: Any) -> dict[str, Any]:
        if not isinstance(element, dict):
            return {name: element}
        return _object({"type": element.get("@type", ""), name: element.get("#text", "")})

    return read


def _number(text: str) -> float | str:
    if not _NUMBER.fullmatch(text):
        return text
    return int(text) if text.lstrip("+-").isdecimal() else float(text)


_ELEMENTS: dict[str, Callable[[Any], Any]] = {
    "quantityElement": _object,
    "bizTransaction": _typed("bizTransaction"),
    "source": _typed("source"),
    "destination": _typed("destination"),
    "sensorElement": _object,
}
