"""What the gateway's HTTP face tells whoever counts and logs."""

from typing import Protocol

from routing.stages import Failed, StageObserver


class Observer(StageObserver, Protocol):
    """Hears of stages, items and requests; must not raise. Stages may be told from a worker thread.

    The stages are authenticate, split, decode, validate and accept.
    """

    def item_ended(
        self,
        *,
        source: str,
        verdict: str,
        code: str,
        stage: str,
        event_id: str,
        contract: str,
        detail: str,
        traceparent: str,
    ) -> None:
        """One item was answered. Also told for a request that ended before there was an item.

        `source` is a registered source or empty, `verdict` is accepted, duplicate, dead_letter, valid,
        rejected or try_later, `code` the error's or empty, `stage` where it ended.
        """
        ...

    def request_ended(self, status: int, seconds: float) -> None:
        """A request at an ingest endpoint was answered; `status` is 499 where the sender left before."""
        ...


class SilentObserver:
    """Hears and forgets."""

    def stage_ran(self, stage: str, items: int, seconds: float) -> None: ...

    def stage_failed(self, failed: Failed) -> None: ...

    def item_ended(
        self,
        *,
        source: str,
        verdict: str,
        code: str,
        stage: str,
        event_id: str,
        contract: str,
        detail: str,
        traceparent: str,
    ) -> None: ...

    def request_ended(self, status: int, seconds: float) -> None: ...
