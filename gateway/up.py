"""`crossdock up`: an embedded broker, and gateway, router and delivery as supervised children."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import httpx
import rich_click as click
from msgspec import Struct

from gateway.bootstrap import Installation, remember_config
from gateway.data_folder import DataFolder
from gateway.embedded_broker import EmbeddedBroker
from gateway.external_broker import provision
from gateway.issuer import make_issuer
from gateway.supervisor import Command, Supervisor, bind, run_until_stopped, stop_requested
from observability import log, metrics

READY_SECONDS = 60.0
POLL_SECONDS = 0.05


class NotReady(Exception):
    """The system did not become ready; the text says what is missing."""


class Running(Struct, frozen=True, kw_only=True):
    """A system that is up. `broker` is None where the settings name an external one."""

    url: str
    supervisor: Supervisor
    broker: EmbeddedBroker | None


async def run_up(installation: Installation, config: Path | None, http_port: int | None) -> None:
    """Run until SIGINT or SIGTERM. Raises: what `running` raises."""
    log.configure(installation.settings.log, "up")
    with stop_requested() as requested:
        work = asyncio.create_task(_run(installation, config, http_port, requested))
        stopping = asyncio.create_task(requested.wait())
        await asyncio.wait((work, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not work.done():
            # asked to end while it still starts, or while it runs: either way everything is ended in order
            work.cancel()
        with suppress(asyncio.CancelledError):
            await work


async def _run(
    installation: Installation, config: Path | None, http_port: int | None, requested: asyncio.Event
) -> None:
    async with running(installation, config, http_port, log_to_files=False) as system:
        click.echo(f"Crossdock is ready at {system.url}", err=True)
        await run_until_stopped(system.supervisor, requested)


@asynccontextmanager
async def running(
    installation: Installation, config: Path | None, http_port: int | None, *, log_to_files: bool
) -> AsyncIterator[Running]:
    """Start everything, wait until it is ready, and end it all on leaving, also what was started by half.

    Raises: FolderInUse, AddressRefused, BinaryNotFound, BrokerFailed, BrokerUnavailable, ApiError,
    OutdatedBroker, NotReady, ChildHopeless, OSError.
    """
    folder, settings = installation.folder, installation.settings
    async with AsyncExitStack() as ends:
        broker = await _start_broker(installation, ends)
        # the folder is ours alone from here on
        folder.gateway_url.unlink(missing_ok=True)
        remember_config(folder, config)
        _make_secrets(installation)
        metrics.clear_folder(folder.metrics)
        listener = bind(settings.http.host, settings.http.port if http_port is None else http_port)
        ends.callback(listener.close)
        host, port = listener.getsockname()[:2]
        url = f"http://{host}:{port}"
        supervisor = Supervisor(
            _commands(folder, config, port, listener.fileno()),
            folder.logs if log_to_files else None,
            on_end=lambda pid: metrics.forget_process(folder.metrics, pid),
        )
        await provision(installation)
        ends.push_async_callback(supervisor.stop)
        await supervisor.start()
        await _ready(url, supervisor)
        ends.callback(folder.gateway_url.unlink, missing_ok=True)
        _write_url(folder, url)
        yield Running(url=url, supervisor=supervisor, broker=broker)


def _make_secrets(installation: Installation) -> None:
    """Make what is generated once, before the children could do so at the same time."""
    make_issuer(installation.folder)
    for name in installation.settings.sources:
        installation.folder.hash_key(name)
        installation.folder.webhook_secret(name)


async def _start_broker(installation: Installation, ends: AsyncExitStack) -> EmbeddedBroker | None:
    """Lock the folder, and start a broker on it unless the settings name another one."""
    if installation.settings.broker.url:
        ends.enter_context(installation.folder.lock())
        return None
    broker = EmbeddedBroker(installation.folder, tuple(installation.owners), installation.settings.broker)
    await broker.start()
    ends.push_async_callback(broker.stop)
    return broker


def _commands(folder: DataFolder, config: Path | None, port: int, descriptor: int) -> list[Command]:
    shared = ("--data", str(folder.path), *(("--config", str(config)) if config else ()))
    environ = {
        metrics.MULTIPROCESS_FOLDER: str(folder.metrics),
        "CROSSDOCK__HTTP__PORT": str(port),
    }

    def command(name: str, *more: str, inherited: tuple[int, ...] = ()) -> Command:
        arguments = (sys.executable, "-m", "gateway", name, *shared, *more)
        return Command(name=name, arguments=arguments, environ=environ, inherited=inherited)

    return [
        command("gateway", "--socket", str(descriptor), inherited=(descriptor,)),
        command("router"),
        command("delivery"),
    ]


async def _ready(url: str, supervisor: Supervisor) -> None:
    hopeless = asyncio.create_task(supervisor.wait())
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client, asyncio.timeout(READY_SECONDS):
            while True:
                with suppress(httpx.HTTPError):
                    if (await client.get(f"{url}/health/ready")).is_success:
                        return
                if hopeless.done():
                    hopeless.result()
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise NotReady(f"{url}/health/ready was not ready in {READY_SECONDS:.0f} s") from None
    finally:
        hopeless.cancel()


def _write_url(folder: DataFolder, url: str) -> None:
    draft = folder.gateway_url.with_suffix(f".{os.getpid()}")
    draft.write_text(url + "\n")
    draft.replace(folder.gateway_url)
