"""The lines of an advice, which stand in logistic units such as pallets."""

from adapters.reading import Reading
from adapters.wms.gs1.lines import Line, read_line


def read_lines(
    reading: Reading,
    document: str,
    *,
    expected: tuple[str, ...],
    actual: tuple[str, ...],
    moved: tuple[str, ...] = (),
    reason: tuple[str, ...],
) -> tuple[Line, ...]:
    """Read the lines of all logistic units, and those that some senders put beside them."""
    units = reading.places(f"/{document}/{document}LogisticUnit")
    return tuple(
        read_line(
            reading,
            line,
            within=reading.text(f"{at}/sscc", f"{at}/logisticUnitIdentification/sscc") or "",
            expected=expected,
            actual=actual,
            moved=moved,
            reason=reason,
        )
        for at in (*units, f"/{document}")
        for line in reading.places(f"{at}/{document}LineItem")
    )
