"""Whether events can be kept now, and what stands in the way."""

import asyncio

from nats.aio.client import Client

from contracts import subjects
from contracts.errors import BrokerUnavailable
from gateway.durability import Durability, SystemAccount, verified_durability
from gateway.http.health import Readiness
from observability import metrics
from routing.broker.api import ApiError, request_api

LOOK_AGAIN_SECONDS = 5.0
NEARLY_FULL = 0.98
NEEDED = (
    subjects.INTAKE_STREAM, subjects.OUT_STREAM, subjects.TIMERS_STREAM, subjects.RESULTS_STREAM,
    subjects.DEAD_LETTERS_STREAM, subjects.ADVISORIES_STREAM, subjects.AUDIT_STREAM,
)  # fmt: skip


class ReadinessProbe:
    """Asks the broker at most every five seconds; whether it is connected is known at any moment."""

    def __init__(self, client: Client, system: SystemAccount) -> None:
        self._client = client
        self._system = system
        self._looked_at = float("-inf")
        self._durability: Durability = "unverified"
        self._missing: tuple[str, ...] = NEEDED
        self._full: tuple[str, ...] = ()

    async def __call__(self) -> Readiness:
        """Return the readiness; a process that is stuck elsewhere is named, but events are still kept."""
        is_connected = self._client.is_connected
        now = asyncio.get_running_loop().time()
        if is_connected and (self._missing or now - self._looked_at > LOOK_AGAIN_SECONDS):
            is_connected = await self._look(now)
        stuck = tuple(f"{process} can't go on" for process in metrics.stuck_processes())
        return Readiness(
            ready=is_connected and not self._missing,
            broker_connected=is_connected,
            durability=self._durability,
            missing_streams=self._missing,
            stuck=(*self._full, *stuck),
            triage=metrics.deciding_model(),
        )

    async def _look(self, now: float) -> bool:
        missing: list[str] = []
        full: list[str] = []
        try:
            for stream in NEEDED:
                try:
                    found = await request_api(self._client, f"STREAM.INFO.{stream}")
                except ApiError:
                    missing.append(stream)
                    continue
                limit = found["config"].get("max_bytes", -1)
                if limit > 0 and found["state"]["bytes"] >= NEARLY_FULL * limit:
                    full.append(f"{stream} is full")
            if not missing:
                self._durability = await verified_durability(self._client, self._system)
        except BrokerUnavailable:
            return False
        self._missing, self._full, self._looked_at = tuple(missing), tuple(full), now
        return True
