"""How amounts, quantities and states are written, in documents and in exceptions."""

from simulator.sources import CURRENCY


def cents(amount: int) -> str:
    """Return an amount of cents in major units."""
    whole, part = divmod(abs(amount), 100)
    return f"{'-' if amount < 0 else ''}{whole}.{part:02}"


def pieces(number: float, unit: str = "EA") -> dict[str, str]:
    """Return a quantity as one side of an exception."""
    return {"kind": "quantity", "value": f"{number:.2f}".rstrip("0").rstrip("."), "unit": unit}


def price(amount: int) -> dict[str, str]:
    """Return a price as one side of an exception."""
    return {"kind": "unit-price", "value": cents(amount), "unit": CURRENCY}


def money(amount: int) -> dict[str, str]:
    """Return an amount as one side of an exception."""
    return {"kind": "amount", "value": cents(amount), "unit": CURRENCY}


def state(words: str) -> dict[str, str]:
    """Return a state as one side of an exception."""
    return {"kind": "status", "value": words}


def moment(written: str) -> dict[str, str]:
    """Return a time as one side of an exception."""
    return {"kind": "time", "value": written}
