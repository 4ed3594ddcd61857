"""The delivery process: four inputs, each acknowledged only after its effect is durable."""

import asyncio
from collections.abc import Collection, Mapping

import structlog
from nats.aio.client import Client

from contracts import headers, subjects
from routing.broker.api import StreamReader
from routing.dead_letters import DeadLetter
from routing.delivery.effects import (
    Answered,
    Armed,
    Buried,
    Effect,
    Labelled,
    PassedOn,
    Redelivered,
    Refused,
)
from routing.delivery.feed import Feed, Input, Stalls
from routing.delivery.history import History
from routing.delivery.observer import DeliveryObserver, SilentDeliveryObserver
from routing.delivery.receipts import Receipts
from routing.delivery.retries import Retries
from routing.delivery.settings import DeliverySettings
from routing.delivery.sweeper import Sweeper
from routing.delivery.timers import Timers
from routing.delivery.verdicts import Verdicts
from routing.owners import OwnerSettings

log = structlog.get_logger()


class DeliveryProcess:
    """Runs delivery's parts on one connection, as user `delivery`. Several processes may share the work."""

    def __init__(
        self,
        client: Client,
        settings: DeliverySettings,
        owners: Mapping[str, OwnerSettings],
        observer: DeliveryObserver | None = None,
        root_causes: Collection[str] = (),
    ) -> None:
        self._observer: DeliveryObserver = observer or SilentDeliveryObserver()
        stalls = Stalls(self._observer)
        self._feeds = tuple(
            Feed(client, source, settings, self._report, stalls)
            for source in inputs(client, owners, root_causes)
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; a broker that is away is waited for."""
        async with asyncio.TaskGroup() as group:
            for feed in self._feeds:
                group.create_task(feed.run(stop))

    def _report(self, effect: Effect) -> None:
        match effect:
            case Answered(owner=owner, kind=kind):
                self._observer.verdict(owner, kind)
            case Refused(owner=owner, why=why):
                self._observer.refused(owner, why)
            case Labelled(owner=owner, kind=kind, is_known=is_known):
                self._observer.labelled(owner, kind, is_known=is_known)
            case PassedOn(owner=owner, to=to):
                log.info("a delivery was passed on", owner=owner, to=to)
            case Armed(owner=owner):
                self._observer.timer_armed(owner)
            case Redelivered(owner=owner):
                self._observer.retried(owner)
            case Buried(letter=letter):
                self._observer.dead_letter(letter.lane, letter.code)
                _log_dead_letter(letter)


def inputs(
    client: Client, owners: Mapping[str, OwnerSettings], root_causes: Collection[str] = ()
) -> tuple[Input, ...]:
    """Return what delivery consumes, each with the part that takes it."""
    reader = StreamReader(client)
    history = History(reader)
    timers = Timers(client, reader, history)
    retries = Retries(client, history, timers, owners)
    return (
        Input(
            stream=subjects.RESULTS_STREAM,
            consumer="delivery",
            take=Verdicts(reader, history, retries, root_causes).take,
        ),
        Input(
            stream=subjects.ADVISORIES_STREAM,
            consumer="delivery",
            take=Sweeper(reader, history, retries).take,
        ),
        Input(stream=subjects.TIMERS_STREAM, consumer="delivery", take=timers.take),
        Input(stream=subjects.OUT_STREAM, consumer="dead-letters", take=Receipts(client, reader).take),
    )


def _log_dead_letter(letter: DeadLetter) -> None:
    known = letter.carried
    facts = {
        "event_id": known.get(headers.EVENT, ""),
        "source": known.get(headers.SOURCE, ""),
        "contract": known.get(headers.CONTRACT, ""),
        "owner" if letter.is_of_owner else "stage": letter.lane,
        "code": letter.code,
        "subject": letter.subject,
        "attempt": known.get(headers.ATTEMPT, ""),
        "trace_id": known.get(headers.TRACE, "--").split("-")[1],
    }
    log.error("a dead letter was kept", **{name: value for name, value in facts.items() if value})
