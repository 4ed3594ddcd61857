"""MATMAS05: an item with its units and barcodes."""

from decimal import Decimal
from typing import Any

from adapters.erp.idoc.control import Idoc, partner_key, read_idoc
from adapters.erp.idoc.segments import Segment, without_zeros
from adapters.erp.idoc.status import with_failure
from adapters.erp.idoc.unmapped import unmapped
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.values import gtin, quantity, ratio
from contracts.canonical import Category, Fact, FactKind, FactLine, Item, Normalised
from contracts.errors import Unmapped

BASIC_TYPE = "MATMAS05"
CONTRACT = "erp-sap-matmas05"

_MAPPED = frozenset(
    {
        "MATNR", "MATNR_LONG", "E1MAKTM", "E1MARMM", "MEINS", "EAN11",
        "CREDAT", "CRETIM", "DIRECT", "MESTYP", "IDOCTYP", "STATUS", "SNDPRN", "SNDPRT",
    }
)  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the item, else the partner."""
    body = Segment(fields=tree)
    number = material_number(body)
    return f"item:{without_zeros(number)}" if number else partner_key(body)


def normalise(reading: Reading) -> Normalised:
    """Return the item. One line for each unit: `quantity` is what one of it is in base units.

    No price: a material has valuation prices (E1MBEWM), which are a plant's costs in a currency that the
    message doesn't name, and never what a till should ask. They stay in `extensions`.

    Raises: Unmapped for a material without a number.
    """
    idoc = read_idoc(reading)
    material = idoc.body.child("E1MARAM")
    number = material_number(idoc.body)
    if not number:
        raise Unmapped(f"{material.at('MATNR')}: a material has a number")
    fact = Fact(
        kind=FactKind.ITEM,
        key=number,
        occurred_at=idoc.occurred_at,
        references=(idoc.reference,),
        lines=_units(idoc, material, number),
        status=idoc.control.text("STATUS") or None,
        assumed=idoc.assumptions(),
        extensions=unmapped(idoc, _MAPPED),
    )
    return with_failure(idoc, Category.FAILED_PRICE_UPDATE, Normalised(facts=(fact,)))


def material_number(body: Segment) -> str:
    """Return the material's number; the long field is for more than 18 characters."""
    material = body.child("E1MARAM")
    return material.text("MATNR") or material.text("MATNR_LONG")


def _units(idoc: Idoc, material: Segment, number: str) -> tuple[FactLine, ...]:
    base = idoc.unit(material.text("MEINS"))
    others = [each for each in material.children("E1MARMM") if each.text("MEINH") not in {"", base}]
    item = Item(id=number, gtin=gtin(material.text("EAN11")), description=_description(material))
    first = FactLine(line=base, item=item, quantity=quantity(Decimal(1), base))
    return (first, *(_unit(each, item, base) for each in others))


def _unit(segment: Segment, item: Item, base: str) -> FactLine:
    numerator, denominator = segment.number("UMREZ"), segment.number("UMREN")
    content = None if numerator is None or denominator is None else ratio(numerator, denominator)
    return FactLine(
        line=segment.text("MEINH"),
        item=Item(id=item.id, gtin=gtin(segment.text("EAN11")), description=item.description),
        quantity=None if content is None else quantity(content, base),
    )


def _description(material: Segment) -> str | None:
    """Return the English text, else the first."""
    texts = material.children("E1MAKTM")
    english = [text for text in texts if text.text("SPRAS_ISO") == "EN" or text.text("SPRAS") == "E"]
    return next((text.text("MAKTX") for text in (*english, *texts) if text.text("MAKTX")), None)


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
