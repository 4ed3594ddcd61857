"""The item of a UBL SalesItem, and the price of one."""

from decimal import Context, Decimal

from adapters.keys import shortened
from adapters.reading import Reading
from adapters.values import gtin, money
from contracts.canonical import Item, Money
from contracts.limits import DESCRIPTION_MAX_CHARACTERS, KEY_MAX_CHARACTERS

_PRICE_STEP = Decimal("0.000001")
_ONE = Decimal(1)
_WIDE = Context(prec=100)  # holds the quotient of any two figures that the contract lets in
# the retailer is the buyer; what only others know the item by comes after
_IDENTIFICATIONS = (
    "BuyersItemIdentification", "SellersItemIdentification", "StandardItemIdentification",
    "ManufacturersItemIdentification", "CatalogueItemIdentification",
)  # fmt: skip


def item_of(reading: Reading, at: str) -> Item | None:
    """Return the item of the SalesItem at `at`, by the first id that it has."""
    item = f"{at}/Item"
    item_id = reading.text(*(f"{item}/{name}/ID" for name in _IDENTIFICATIONS))
    if item_id is None:
        return None
    standard = reading.text(f"{item}/StandardItemIdentification/ID") or ""
    description = reading.text(f"{item}/Name", f"{item}/Description")
    return Item(
        id=shortened(item_id, KEY_MAX_CHARACTERS),
        gtin=gtin(standard),
        description=description[:DESCRIPTION_MAX_CHARACTERS] if description else None,
    )


def price_of(reading: Reading, at: str) -> Money | None:
    """Return the price of one: what the customer paid, with the tax, where the document says it."""
    for name in ("TaxInclusivePrice", "TaxExclusivePrice"):
        for price in reading.places(f"{at}/{name}"):
            amount = reading.number(f"{price}/PriceAmount")
            if amount is not None:
                return _per_unit(reading, price, amount)
    return None


def _per_unit(reading: Reading, price: str, amount: Decimal) -> Money | None:
    """Return the amount for one, or None where the price of several has no exact part."""
    of_one = _WIDE.divide(amount, reading.number(f"{price}/BaseQuantity") or _ONE)
    if of_one != _WIDE.quantize(of_one, _PRICE_STEP):
        return None
    written = reading.text(f"{price}/PriceAmount/@currencyID", "/DocumentCurrencyCode")
    return money(of_one, reading.currency(written))
