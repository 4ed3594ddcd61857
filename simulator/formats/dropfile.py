"""Drop files of stores in the layouts that stand in `simulator/layouts`: counts, price answers, movements."""

from collections.abc import Sequence

from adapters.keys import key
from simulator.messages import Truth
from simulator.outbox import CSV, Post
from simulator.sources import STORE_FILES
from simulator.times import Calendar
from simulator.words import cents

_COUNT_HEAD = "Store;Count;Taken;Line;Article;Place;Counted;Book;Cost;Remark;Counter"
_ANSWER_HEAD = "Batch|Store|At|Line|Article|New|Old|State|Text"
_MOVE_HEAD = "Store\tSlip\tBooked\tNo\tArticle\tQty\tWhy\tPartner slip"


class Files:
    """Writes the files of a store."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar

    def count(
        self,
        store: str,
        number: str,
        at: int,
        lines: Sequence[tuple[str, str, int, int, int, str]],
        counter: int,
        truths: tuple[Truth, ...],
    ) -> Post:
        """Return a count; a line is item, place, counted, book, cost in cents and remark."""
        taken = self._written(at)
        rows = [
            f"{store};{number};{taken};{place};{item};{where};{counted};{book};{cents(cost)};{remark};{counter}"
            for place, (item, where, counted, book, cost, remark) in enumerate(lines, 1)
        ]
        return _file([_COUNT_HEAD, *rows], f"count/{store}/{number}", f"count-{store}", truths)

    def answers(
        self,
        store: str,
        batch: str,
        at: int,
        lines: Sequence[tuple[str, int, int, str, str]],
        truths: tuple[Truth, ...],
    ) -> Post:
        """Return the answers to a batch; a line is item, new and old price in cents, state and text."""
        written = self._written(at)
        rows = [
            f"{batch}|{store}|{written}|{place}|{item}|{cents(new)}|{cents(old)}|{state}|{text}"
            for place, (item, new, old, state, text) in enumerate(lines, 1)
        ]
        return _file([_ANSWER_HEAD, *rows], f"price/{store}/{batch}", f"prices-{store}", truths)

    def movement(self, store: str, slip: str, at: int, lines: Sequence[tuple[str, int, str, str]]) -> Post:
        """Return a movement; a line is item, quantity (negative where it left), reason and partner slip."""
        booked = self._written(at)
        rows = [
            f"{store}\t{slip}\t{booked}\t{place}\t{item}\t{quantity}\t{why}\t{partner}"
            for place, (item, quantity, why, partner) in enumerate(lines, 1)
        ]
        return _file([_MOVE_HEAD, *rows], f"movement/{store}/{slip}", f"moves-{store}", ())

    def _written(self, at: int) -> str:
        return self._calendar.local(at).replace("T", " ")


def count_key(item: str, place: str, line: int) -> str:
    """Return the key of the exception of a count's line (from 1 on)."""
    return key(item, place, str(line))


def answer_key(item: str, line: int) -> str:
    """Return the key of the exception of an answer's line (from 1 on)."""
    return key(item, str(line))


def _file(rows: Sequence[str], event_id: str, what: str, truths: tuple[Truth, ...]) -> Post:
    body = ("\n".join(rows) + "\n").encode()
    return Post(STORE_FILES, CSV, body, event_id, what, truths)
