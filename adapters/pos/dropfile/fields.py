"""The closed list of fields that a column of a drop file can hold, by what the rows are about."""

from enum import StrEnum

from msgspec import Struct


class RowsKind(StrEnum):
    """What the rows of a file are about."""

    SALE = "sale"
    COUNT = "count"
    MOVEMENT = "movement"
    PRICE = "price"


class FieldType(StrEnum):
    """How the text of a column is read."""

    TEXT = "text"
    DECIMAL = "decimal"
    DATE = "date"
    TIME = "time"
    MOMENT = "moment"


class FieldSet(Struct, frozen=True, kw_only=True):
    """The fields of one kind of rows: those said once for a document, and those of each of its lines.

    Those in `needed` a layout must declare: without them its rows could keep no contract.
    """

    document: frozenset[str]
    line: frozenset[str]
    needed: frozenset[str]

    @property
    def names(self) -> frozenset[str]:
        """All of them."""
        return self.document | self.line


SIGN = "sign"  # a column of its own that makes numbers of its row negative; it never becomes a member

_TYPES = {
    **dict.fromkeys(
        (
            "amount", "counted", "discount", "expected", "old_price", "quantity", "regular_price", "tax",
            "total", "unit_cost", "unit_price",
        ),
        FieldType.DECIMAL,
    ),
    "business_day": FieldType.DATE,
    "date": FieldType.DATE,
    "time": FieldType.TIME,
    "occurred_at": FieldType.MOMENT,
}  # fmt: skip

_WHERE_AND_WHEN = frozenset({
    "store", "business_day", "document", "occurred_at", "date", "time", "operator", "currency",
})  # fmt: skip
_ITEM = frozenset({"line", "item", "gtin", "description", "unit"})

FIELDS = {
    RowsKind.SALE: FieldSet(
        document=_WHERE_AND_WHEN | {"till", "sequence", "customer", "status", "total", "tax"},
        line=_ITEM
        | {"quantity", "unit_price", "regular_price", "amount", "discount", "type", "reason", "reference"},
        needed=frozenset({"store"}),
    ),
    RowsKind.COUNT: FieldSet(
        document=_WHERE_AND_WHEN,
        line=_ITEM | {"location", "lot", "counted", "expected", "unit_cost", "reason"},
        needed=frozenset({"store", "item", "counted"}),
    ),
    RowsKind.MOVEMENT: FieldSet(
        document=_WHERE_AND_WHEN,
        line=_ITEM | {"location", "lot", "quantity", "type", "reason", "reference"},
        needed=frozenset({"store", "item", "quantity"}),
    ),
    RowsKind.PRICE: FieldSet(
        document=_WHERE_AND_WHEN | {"till"},
        line=_ITEM | {"unit_price", "old_price", "status", "reason", "reference"},
        needed=frozenset({"store", "item"}),
    ),
}


def type_of(field: str) -> FieldType:
    """Return how a field is read; what has no type of its own is text."""
    return _TYPES.get(field, FieldType.TEXT)
