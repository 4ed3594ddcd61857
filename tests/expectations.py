"""What an expert says a payload means, as `contract-tests/expectations/*.toml` writes it down.

An expectation is a partial statement: what it says must hold, what it leaves out is not looked at. The number
of items, of their facts and of their exceptions is always part of it; no list means none. Codes are compared
without leading zeros, numbers by value, and a list of texts means any one of them.
"""

import tomllib
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

OneOf = str | list[str]

ANY_ITEM = "*"


class ExpectedLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a fact, found by its number `no`; of lines that share one, by its place among them."""

    no: str
    item: OneOf | None = None
    quantity: str | None = None
    expected: str | None = None
    unit_price: str | None = None
    amount: str | None = None
    discount: str | None = None
    reason: str | None = None
    references: list[str] = []


class ExpectedFact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fact. `lines` is their number, `line` some of them, `quantities` what an item (`*`: all) comes to.

    `at` is the start of the time as the document writes it, or a whole time with its offset; `amounts` and
    `discounts` are sums over all lines. A reference is `kind id` or `kind id line`, with `*` for any kind.
    """

    kind: OneOf
    place: OneOf | None = None
    partner: str | None = None
    at: OneOf | None = None
    business_day: str | None = None
    status: str | None = None
    total: OneOf | None = None
    tax: str | None = None
    references: list[str] = []
    lines: int | None = None
    amounts: str | None = None
    discounts: str | None = None
    quantities: dict[str, OneOf] = {}
    line: list[ExpectedLine] = []


class ExpectedException(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One exception; `expected` and `actual` are a value and its unit."""

    category: str
    item: OneOf | None = None
    line: str | None = None
    expected: str
    actual: str


class ExpectedItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One item of a file: its own source event id (`*` for any text), or the pointer of its fault."""

    id: OneOf | None = None
    contract: str | None = None
    refused: str | None = None
    facts: list[ExpectedFact] = []
    exceptions: list[ExpectedException] = []


class ExpectedFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file and what becomes of it; `why` says so where it isn't accepted."""

    name: str
    verdict: Literal["accepted", "refused", "unsupported"]
    contract: str | None = None
    why: str = ""
    items: list[ExpectedItem] = []


class ExpectedFolder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The files of one folder. `contracts` names each contract once; files and items use its key."""

    folder: str
    contracts: dict[str, str]
    files: list[ExpectedFile]

    def contract(self, file: ExpectedFile, item: ExpectedItem) -> str:
        """Return the contract that an item should keep: its own, its file's, or the folder's only one."""
        key = item.contract or file.contract
        return self.contracts[key] if key else next(iter(self.contracts.values()))


def read_expectations(folder: Path) -> list[ExpectedFolder]:
    """Return every expectation in a folder. Raises: msgspec.ValidationError, naming the member."""
    return [
        msgspec.convert(tomllib.loads(file.read_text("utf-8")), ExpectedFolder)
        for file in sorted(folder.glob("*.toml"))
    ]
