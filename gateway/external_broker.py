"""An external nats-server: its configuration with our accounts, credentials, and the streams in it."""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from gateway.bootstrap import Installation
from gateway.data_folder import write_secret
from gateway.embedded_broker import MAX_PAYLOAD_BYTES
from routing.broker import permissions
from routing.broker.connection import Credentials, connect, read_credentials
from routing.broker.streams import apply

CONFIG_FILE = "nats.conf"
DEFAULT_PORT = 4222


def write_broker_files(installation: Installation, folder: Path, url: str, store: str) -> Path:
    """Write `nats.conf` and `credentials/<user>.json`; passwords that are there already stay.

    `url` is where our processes reach the server, `store` the folder of its streams on its own machine.

    Raises: OSError.
    """
    owners = tuple(installation.owners)
    credentials = folder / "credentials"
    credentials.mkdir(mode=0o700, parents=True, exist_ok=True)
    passwords = {user: _password(credentials / f"{user}.json") for user in permissions.users(owners)}
    for user, password in passwords.items():
        content = msgspec.json.encode(Credentials(url=url, user=user, password=password))
        write_secret(credentials / f"{user}.json", content)
    config = {
        "server_name": "crossdock",
        "port": urlsplit(url).port or DEFAULT_PORT,
        "max_payload": MAX_PAYLOAD_BYTES,
        "jetstream": {"store_dir": store, "sync_interval": "always"},
        **permissions.accounts(owners, passwords),
    }
    write_secret(folder / CONFIG_FILE, msgspec.json.format(msgspec.json.encode(config)))
    return folder / CONFIG_FILE


async def provision(installation: Installation) -> list[str]:
    """Make the broker hold every stream and consumer; return what had to be made or changed.

    Raises: BrokerUnavailable, ApiError, OutdatedBroker; OSError without credentials.
    """
    settings = installation.settings.broker
    client = await connect(installation.folder.credentials("provisioner", settings), "provisioner")
    try:
        return await apply(client, settings.streams, installation.owner_windows)
    finally:
        await client.close()


def _password(file: Path) -> str:
    try:
        return read_credentials(file).password
    except (OSError, msgspec.DecodeError):
        return secrets.token_urlsafe(24)
