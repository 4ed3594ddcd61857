"""What is on its way to Crossdock: in order of time, with the late, the repeated and the damaged."""

from collections.abc import Iterator
from heapq import heappop, heappush

from msgspec import Struct, structs

from simulator.chance import Chance
from simulator.faults import Fault
from simulator.gaps import Gaps
from simulator.messages import SimulatedMessage, Truth
from simulator.sources import ERP, STORE_FILES, TILLS, WAREHOUSES, Sender
from simulator.times import HOUR, MINUTE, Calendar
from simulator.world import WorldSettings

XML, JSON, CSV, CLOUD_EVENT = (
    "application/xml",
    "application/json",
    "text/csv",
    "application/cloudevents+json",
)
_ENDINGS = {XML: "xml", JSON: "json", CSV: "csv", CLOUD_EVENT: "json"}
# a till's own series would show what it lost
_INTERRUPTED = frozenset({STORE_FILES, WAREHOUSES, ERP})
_OUTAGE_SECONDS = 6 * HOUR


class Post(Struct, frozen=True):
    """A document before it is sent; `what` becomes part of its file's name."""

    sender: Sender
    media_type: str
    body: bytes
    source_event_id: str
    what: str
    truths: tuple[Truth, ...] = ()


class Outbox:
    """Takes documents in any order and gives them back in order of receipt."""

    def __init__(self, settings: WorldSettings, calendar: Calendar) -> None:
        self._settings = settings
        self._calendar = calendar
        self._chance = Chance(f"{settings.seed}:outbox")
        self._waiting: list[tuple[int, int, Post, bool]] = []
        self._number = 0
        self._gaps = Gaps()
        self._outages: dict[tuple[str, int], bool] = {}

    def lose(self, series: str, number: int, fault: Fault) -> None:
        """Note that a till's transaction of that number comes late or never, because of a fault."""
        self._gaps.lose(series, number, fault)

    def send(self, at: int, post: Post) -> None:
        """Take a document that is ready at this second. Some come late, some twice, some never."""
        settings, chance = self._settings, self._chance
        if self._is_lost(at, post):
            return
        at += 1 + round(chance.wait(4.0))
        if chance.happens(settings.late):
            # a till's own queue is short: a longer wait is a fault that `unposted_sales` stands for
            longest = 10 * MINUTE if post.sender is TILLS else 20 * HOUR
            at += min(longest, round(chance.wait(0.2 * longest) * settings.lag))
        self._push(at, post, False)
        if chance.happens(settings.duplicate):
            repeat = structs.replace(post, what=f"{post.what}-again", truths=())
            self._push(at + round(chance.wait(30 * MINUTE)), repeat, False)
        # a file of rows that was cut off is refused only where it has a trailer
        if settings.damaged and post.media_type != CSV and chance.happens(settings.damaged):
            self._push(at, self._damaged(post), True)

    def until(self, second: int) -> Iterator[SimulatedMessage]:
        """Yield what is received before this second."""
        waiting, calendar = self._waiting, self._calendar
        while waiting and waiting[0][0] < second:
            at, number, post, is_damaged = heappop(waiting)
            is_numbered = post.sender is TILLS and not is_damaged
            told = self._gaps.told_by(post.source_event_id, at) if is_numbered else ()
            stamp = f"{calendar.plain_day(at)}-{calendar.plain_time(at)}-{number:07}"
            yield SimulatedMessage(
                source=post.sender.name,
                system=post.sender.system,
                at=calendar.moment(at),
                media_type=post.media_type,
                body=post.body,
                name=f"{stamp}-{post.what}.{_ENDINGS[post.media_type]}",
                source_event_id=post.source_event_id,
                truths=post.truths + told,
                is_damaged=is_damaged,
            )

    def _is_lost(self, at: int, post: Post) -> bool:
        """Say whether an ordinary document falls into hours in which its feed is down.

        What an exception is found by is not lost, nor is an order, which an invoice may be held against.
        """
        if post.truths or post.sender not in _INTERRUPTED or post.what.startswith("orders"):
            return False
        key = (post.sender.name, at // _OUTAGE_SECONDS)
        found = self._outages.get(key)
        if found is None:
            found = self._outages[key] = self._chance.happens(self._settings.feed_outage)
        return found

    def _push(self, at: int, post: Post, is_damaged: bool) -> None:
        self._number += 1
        heappush(self._waiting, (at, self._number, post, is_damaged))

    def _damaged(self, post: Post) -> Post:
        """Return a copy that was cut off on the way, under an id of its own: the whole one comes as well."""
        return Post(
            post.sender,
            post.media_type,
            post.body[: len(post.body) // 2],
            f"{post.source_event_id}-damaged",
            f"{post.what}-damaged",
        )
