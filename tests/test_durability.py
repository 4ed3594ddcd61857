"""What readiness says of an acknowledgement's worth, asked of a real server."""

import msgspec

from gateway import durability
from gateway.durability import SystemAccount, verified_durability


async def test_a_server_that_syncs_every_write_is_found_out(broker, connect_as):
    gateway, account = await connect_as("gateway"), SystemAccount(broker.credentials("monitor"))
    try:
        assert await verified_durability(gateway, account) == "fsync"
        assert await account.client() is await account.client()
    finally:
        await account.close()


async def test_without_credentials_nothing_is_verified(broker, connect_as):
    assert await verified_durability(await connect_as("gateway"), SystemAccount(None)) == "unverified"


async def test_a_refused_account_is_unverified_and_not_asked_again_at_once(broker, connect_as, monkeypatch):
    tries = []

    async def counted(credentials, process, *, patience_seconds):
        tries.append(process)
        return await connect(credentials, process, patience_seconds=patience_seconds)

    connect = durability.connect
    monkeypatch.setattr(durability, "connect", counted)
    monkeypatch.setattr(durability, "PATIENCE_SECONDS", 0.5)
    wrong = msgspec.structs.replace(broker.credentials("monitor"), password="wrong")
    gateway, account = await connect_as("gateway"), SystemAccount(wrong)
    for _ in range(3):
        assert await verified_durability(gateway, account) == "unverified"
    assert tries == ["monitor"]
    await account.close()


async def test_an_account_that_may_not_ask_is_unverified(broker, connect_as, monkeypatch):
    monkeypatch.setattr("routing.broker.api.TIMEOUT_SECONDS", 0.3)
    account = SystemAccount(broker.credentials("operator"))
    try:
        assert await verified_durability(await connect_as("gateway"), account) == "unverified"
    finally:
        await account.close()
