"""One connection to the broker, as a user that may do what its process needs and no more."""

import asyncio
import ssl
from pathlib import Path

import msgspec
import nats
import structlog
from msgspec import Struct
from nats.aio.client import Client
from nats.errors import NoRespondersError, NoServersError

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

    async def on_error(error: Exception) -> None:
        # a denied publish or subscribe shows up here and nowhere else
        log.warning("the broker reported an error", process=process, error=str(error))

    deadline = asyncio.get_running_loop().time() + patience_seconds
    while True:
        try:
            return await nats.connect(
                credentials.url,
                user=credentials.user or None,
                password=credentials.password or None,
                name=f"crossdock-{process}",
                inbox_prefix=credentials.inbox_prefix,
                error_cb=on_error,
                tls=_tls(credentials),
                max_reconnect_attempts=-1,
                reconnect_time_wait=0.1,
                connect_timeout=2,
                ping_interval=5,
                max_outstanding_pings=2,
                pending_size=PENDING_LIMIT_BYTES,
                allow_reconnect=True,
            )
        except (OSError, NoServersError, NoRespondersError, TimeoutError) as error:
            if asyncio.get_running_loop().time() > deadline:
                raise BrokerUnavailable(f"no broker at {credentials.url}: {error}") from error
            await asyncio.sleep(0.1)


def _tls(credentials: Credentials) -> ssl.SSLContext | None:
    if credentials.ca_file:
        return ssl.create_default_context(cafile=credentials.ca_file)
    return ssl.create_default_context() if credentials.url.startswith("tls://") else None
