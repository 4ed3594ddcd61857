"""Facts and exceptions: what a document says happened, and where expected and actual differ."""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

SPOKEN_MAJOR = "1"
"""The major of the canonical contracts that these structs hold; documents of others are cast to it."""


class Category(StrEnum):
    """The eight kinds of exception, named as in the taxonomy."""

    INVENTORY_VARIANCE = "inventory-variance"
    PRICE_DISCREPANCY = "price-discrepancy"
    FAILED_PRICE_UPDATE = "failed-price-update"
    CLICK_AND_COLLECT_DELAY = "click-and-collect-delay"
    INVOICE_MISMATCH = "invoice-mismatch"
    SUPPLIER_SHORT_SHIPMENT = "supplier-short-shipment"
    REFUND_ANOMALY = "refund-anomaly"
    WORKFORCE_CONFLICT = "workforce-conflict"


class FactKind(StrEnum):
    """The kinds of fact."""

    SALE = "sale"
    RETURN = "return"
    STOCK_COUNT = "stock-count"
    STOCK_MOVEMENT = "stock-movement"
    RECEIPT = "receipt"
    SHIPMENT = "shipment"
    PURCHASE_ORDER = "purchase-order"
    SALES_ORDER = "sales-order"
    INVOICE = "invoice"
    ITEM = "item"
    PRICE = "price"


class Quantity(Struct, frozen=True, kw_only=True):
    """A decimal string (`-?digits[.digits]`) and its unit as the source writes it, such as `EA` or `KGM`."""

    value: str
    unit: str


class Money(Struct, frozen=True, kw_only=True):
    """A decimal string in major units and an ISO 4217 code."""

    amount: str
    currency: str


class Measure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One side of an exception.

    `value` is a decimal string for `quantity`, `amount` and `unit-price`, RFC 3339 for `time`, and words for
    `status`. `unit` is a unit of measure, an ISO 4217 code, or null for times and statuses.
    """

    kind: Literal["quantity", "amount", "unit-price", "time", "status"]
    value: str
    unit: str | None = None


class Place(Struct, frozen=True, kw_only=True):
    """A store or a distribution centre, by the source's own id."""

    kind: Literal["store", "dc", "company"]
    id: str


class Item(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An item by the source's own id; `gtin` where the document gives one."""

    id: str
    gtin: str | None = None
    description: str | None = None


class Reference(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A business document that this is about; `line` is the line's own number, not its index."""

    kind: Literal[
        "purchase-order", "sales-order", "invoice", "shipment", "delivery", "receipt", "transaction",
        "count", "return", "promotion", "idoc",
    ]  # fmt: skip
    id: str
    line: str | None = None


class Partner(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The other side of the trade: a company, never a person."""

    role: Literal["supplier", "customer", "carrier"]
    id: str
    name: str | None = None


class Evidence(Struct, frozen=True, kw_only=True):
    """What was read where: a JSON Pointer into the decoded document, and the text found there."""

    pointer: str
    value: str


class Circumstance(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the sender knows beside the exception and helps to find its cause, as a decimal string.

    docs/triage.md has the names and units. `as_of` is RFC 3339, None when it is as old as the exception.
    """

    name: str
    value: str
    as_of: str | None = None


class Assumption(Struct, frozen=True, kw_only=True):
    """What the document did not say and the source's settings did, such as `time_zone` = `Europe/Berlin`."""

    name: str
    value: str


class FactLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a fact. `expected_quantity` is what was ordered or promised, where the document says so."""

    line: str
    item: Item | None = None
    quantity: Quantity | None = None
    expected_quantity: Quantity | None = None
    unit_price: Money | None = None
    regular_unit_price: Money | None = None
    amount: Money | None = None
    discount: Money | None = None
    reason: str | None = None
    references: tuple[Reference, ...] = ()


class Fact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a document says happened.

    `occurred_at` is RFC 3339 with an offset. `actor` is a keyed hash, never a name. `status` is the source's
    own word for the document's state. `extensions` holds what the document says and we don't map, flat, by
    pointer; it stays with the fact and never reaches an owner.
    """

    kind: FactKind
    key: str
    occurred_at: str
    place: Place | None = None
    partner: Partner | None = None
    references: tuple[Reference, ...] = ()
    lines: tuple[FactLine, ...] = ()
    total: Money | None = None
    tax: Money | None = None
    status: str | None = None
    business_day: str | None = None
    actor: str | None = None
    customer: str | None = None
    assumed: tuple[Assumption, ...] = ()
    extensions: dict[str, str] = {}


class RetailException(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where expected and actual differ.

    `key` is the business key within the event (such as line and item); with event and category it makes the
    exception's id, so it must be stable and never an index. `occurred_at` and `detected_at` are RFC 3339.
    `money_at_risk` is null where the document gives no price. `missing` names what a better decision needed.
    """

    category: Category
    key: str
    expected: Measure
    actual: Measure
    occurred_at: str
    detected_at: str
    place: Place | None = None
    partner: Partner | None = None
    item: Item | None = None
    references: tuple[Reference, ...] = ()
    money_at_risk: Money | None = None
    evidence: tuple[Evidence, ...] = ()
    context: tuple[Circumstance, ...] = ()
    assumed: tuple[Assumption, ...] = ()
    missing: tuple[str, ...] = ()


class SeriesPlace(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which number a document has in a series that has no gaps: a missing number never reached us.

    `series` names what counts, within its source (a store's till: `417/3`), in at most 200 characters.
    `document` is how others refer to this document. `business_day` is an ISO 8601 date; a series may start
    anew with each. `occurred_at` is RFC 3339 with an offset, None where the document gives no usable time.
    """

    series: str
    number: int
    document: Reference
    place: Place | None = None
    business_day: str | None = None
    occurred_at: str | None = None
    assumed: tuple[Assumption, ...] = ()


class Condition(Struct, frozen=True, kw_only=True):
    """A state that further documents tell again: its exception goes out once, while the state lasts.

    `subject` names the thing and its state within the source (`5105600418/payment-block`), in at most 256
    characters. `exception` is the key of the exception that tells it, None where the document ends the state.
    """

    subject: str
    exception: str | None = None


class Normalised(Struct, frozen=True, kw_only=True):
    """What one document means. A document without an exception is `observed`.

    `series` is set for each document that has a number, also where it is no fact. An exception that is no
    occurrence but a state has its condition.
    """

    facts: tuple[Fact, ...] = ()
    exceptions: tuple[RetailException, ...] = ()
    conditions: tuple[Condition, ...] = ()
    series: SeriesPlace | None = None
