"""Who the other side is, and which plant it is about: companies and sites by their ids, never by name."""

from collections.abc import Iterable
from typing import Literal

from adapters.erp.idoc.control import Idoc
from adapters.erp.idoc.segments import Segment
from contracts.canonical import Partner, Place

# partner functions, the best first: vendor and invoicing party; sold-to, bill-to, payer and ship-to
SUPPLIER_FUNCTIONS = ("LF", "RS")
CUSTOMER_FUNCTIONS = ("AG", "RE", "RG", "WE")

_Role = Literal["supplier", "customer"]

# partner types in the control record; others, such as LS, are systems and not companies
_TYPES: dict[_Role, str] = {"supplier": "LI", "customer": "KU"}


def supplier(idoc: Idoc, segments: Iterable[Segment]) -> Partner | None:
    """Return the supplier: from the partner segments, else the partner in the control record."""
    return _partner(idoc, "supplier", segments)


def customer(idoc: Idoc, segments: Iterable[Segment]) -> Partner | None:
    """Return the customer: from the partner segments, else the partner in the control record."""
    return _partner(idoc, "customer", segments)


def plant(idoc: Idoc, lines: Iterable[Segment], field: str = "WERKS") -> Place | None:
    """Return the plant that all lines name, or None where they differ.

    SAP calls a store and a distribution centre alike a plant, so that the kind is an assumption.
    """
    plants = {line.text(field) for line in lines} - {""}
    if len(plants) != 1:
        return None
    idoc.assumed["place_kind"] = "dc"
    return Place(kind="dc", id=plants.pop())


def _partner(idoc: Idoc, role: _Role, segments: Iterable[Segment]) -> Partner | None:
    found = {_function(segment): _identifier(segment) for segment in reversed(tuple(segments))}
    functions = SUPPLIER_FUNCTIONS if role == "supplier" else CUSTOMER_FUNCTIONS
    for function in functions:
        if found.get(function):
            return Partner(role=role, id=found[function])
    control, side = idoc.control, "RCV" if idoc.is_outbound else "SND"
    if control.text(f"{side}PRT") == _TYPES[role] and control.text(f"{side}PRN"):
        return Partner(role=role, id=control.text(f"{side}PRN"))
    return None


def _function(segment: Segment) -> str:
    return segment.text("PARVW") or segment.text("PARTNER_Q")


def _identifier(segment: Segment) -> str:
    return segment.text("PARTN") or segment.text("LIFNR") or segment.text("PARTNER_ID")
