"""One connection to the broker, as a user that may do what its process needs and no more."""

import asyncio
import ssl
from collections import deque
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct
from nats.aio.client import Client

from contracts.errors import BrokerUnavailable

log = structlog.get_logger()

PENDING_LIMIT_BYTES = 64 << 20


class Credentials(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a user connects and as whom; kept in a file of mode 0600, never in settings or a URL."""

    url: str
    user: str = ""
    password: str = ""
    ca_file: str = ""

    @property
    def inbox_prefix(self) -> str:
        """The only place where this user may receive replies."""
        return f"_INBOX_{self.user}" if self.user else "_INBOX"


def read_credentials(path: Path) -> Credentials:
    """Raises: OSError where the file can't be read; msgspec.ValidationError where it isn't credentials."""
    return msgspec.json.decode(path.read_bytes(), type=Credentials)


async def connect(credentials: Credentials, process: str, *, patience_seconds: float = 30.0) -> Client:
    """Connect, and from then on reconnect for ever; a broker that is away at the start is waited for.

    Raises: BrokerUnavailable where the broker did not answer within `patience_seconds`.
    """

    reported: deque[str] = deque(maxlen=8)

    async def on_error(error: Exception) -> None:
        # a denied publish shows up here and nowhere else; a broker that is away, ten times a second
        if str(error) not in reported:
            log.warning("the broker reported an error", process=process, error=str(error))
            reported.append(str(error))

    async def on_reconnected() -> None:
        reported.clear()
        log.info("the broker is connected again", process=process)

    client = Client()
    try:
        async with asyncio.timeout(patience_seconds):
            # by itself it would try for ever, with wrong credentials too
            await client.connect(
                credentials.url,
                user=credentials.user or None,
                password=credentials.password or None,
                name=f"crossdock-{process}",
                inbox_prefix=credentials.inbox_prefix,
                error_cb=on_error,
                reconnected_cb=on_reconnected,
                tls=_tls(credentials),
                max_reconnect_attempts=-1,
                reconnect_time_wait=0.1,  # type: ignore[arg-type]  # it is a float wherever it is used
                connect_timeout=2,
                ping_interval=5,
                max_outstanding_pings=2,
                pending_size=PENDING_LIMIT_BYTES,
                allow_reconnect=True,
            )
    except TimeoutError as error:
        await client.close()
        reasons = "; ".join(reported) or "no answer"
        raise BrokerUnavailable(f"no broker at {credentials.url}: {reasons}") from error
    return client


def _tls(credentials: Credentials) -> ssl.SSLContext | None:
    if credentials.ca_file:
        return ssl.create_default_context(cafile=credentials.ca_file)
    return ssl.create_default_context() if credentials.url.startswith("tls://") else None
