"""Who may do what on the broker: each user what its process needs, an owner nothing in another's lane."""

import re
from datetime import UTC, datetime

import msgspec
import nats
import pytest

from contracts import subjects
from routing.broker import permissions
from routing.broker.api import StreamReader, request, request_api
from routing.broker.streams import MIB, apply

OTHERS_LANE = "out.review.inventory-variance.p1"

# what each user may publish of SUBJECTS, by the process that it belongs to
ALLOWED = {
    "provisioner": {
        "$JS.API.INFO",
        "$JS.API.STREAM.INFO.XD_OUT",
        "$JS.API.STREAM.DELETE.NONE",
        "$JS.API.STREAM.PURGE.XD_INTAKE",
        "$JS.API.STREAM.PURGE.XD_OUT",
        "$JS.API.STREAM.MSG.DELETE.XD_DLQ",
        "$JS.API.CONSUMER.CREATE.XD_INTAKE.spy",
        "$JS.API.CONSUMER.CREATE.XD_OUT.spy",
        "$JS.API.CONSUMER.DELETE.XD_OUT.none",
        "$JS.API.CONSUMER.INFO.XD_OUT.w-finance",
        "$JS.API.CONSUMER.MSG.NEXT.XD_OUT.w-finance",
        "$JS.API.CONSUMER.MSG.NEXT.XD_OUT.w-review",
        "$JS.API.DIRECT.GET.XD_INTAKE",
        "$JS.API.DIRECT.GET.XD_DLQ",
        "$JS.API.DIRECT.GET.XD_ADVISORIES",
        "$JS.API.DIRECT.GET.XD_AUDIT",
        "$JS.API.DIRECT.GET.XD_USAGE",
        "$JS.API.STREAM.PURGE.XD_USAGE",
    },
    "gateway": {
        "in.0.till.sale",
        "audit.refused.e1.1",
        "usage.sent.fact-sale.1-0-0",
        "$JS.API.STREAM.INFO.XD_OUT",
        "$JS.API.DIRECT.GET.XD_INTAKE",
        "$JS.API.DIRECT.GET.XD_DLQ",
        "$JS.API.DIRECT.GET.XD_AUDIT",
        "$JS.API.DIRECT.GET.XD_USAGE",
    },
    "router": {
        "out.finance.invoice-discrepancy.p1",
        "receipt.0",
        "usage.read.fact-sale.1-0-0",
        "$JS.API.DIRECT.GET.XD_USAGE",
        "$JS.API.STREAM.INFO.XD_OUT",
        "$JS.API.STREAM.PURGE.XD_INTAKE",
        "$JS.API.CONSUMER.CREATE.XD_INTAKE.spy",
        "$JS.API.DIRECT.GET.XD_INTAKE",
    },
    "delivery": {
        "out.finance.invoice-discrepancy.p1",
        "timer.d1.1",
        "dlq.finance.d1.1",
        "$JS.API.DIRECT.GET.XD_INTAKE",
        "$JS.API.DIRECT.GET.XD_DLQ",
    },
    "operator": {
        "redo.0.decode.e1.2",
        "out.finance.invoice-discrepancy.p1",
        "audit.refused.e1.1",
        "$JS.API.STREAM.INFO.XD_OUT",
        "$JS.API.CONSUMER.INFO.XD_OUT.w-finance",
        "$JS.API.DIRECT.GET.XD_INTAKE",
        "$JS.API.DIRECT.GET.XD_DLQ",
        "$JS.API.DIRECT.GET.XD_ADVISORIES",
        "$JS.API.DIRECT.GET.XD_AUDIT",
        "$JS.API.DIRECT.GET.XD_USAGE",
    },
    "monitor": {"$SYS.REQ.SERVER.PING.JSZ"},
    "owner-finance": {
        "result.finance.d1",
        "$JS.API.CONSUMER.INFO.XD_OUT.w-finance",
        "$JS.API.CONSUMER.MSG.NEXT.XD_OUT.w-finance",
        "$JS.ACK.XD_OUT.w-finance.1.1.1.1.0",
    },
}
FOR_NOBODY = {
    "due.d1",
    "result.review.d1",
    "dlq.finance.d1",
    "$JS.ACK.XD_OUT.w-review.1.1.1.1.0",
    "$SYS.REQ.SERVER.PING.VARZ",
    "$SYS.REQ.ACCOUNT.PING.CONNZ",
    "_INBOX_gateway.reply",
}
SUBJECTS = FOR_NOBODY.union(*ALLOWED.values())


class Denials:
    """A connection that remembers what the broker did not let it do."""

    def __init__(self, credentials):
        self._credentials = credentials
        self.publishing, self.receiving = set(), set()

    async def __aenter__(self):
        credentials = self._credentials
        self.client = await nats.connect(
            credentials.url, user=credentials.user, password=credentials.password, error_cb=self._on_error
        )
        return self

    async def __aexit__(self, *error):
        await self.client.close()

    async def settled(self):
        """Wait until the broker has answered everything sent so far."""
        # nats-py's ping overtakes what its buffer still holds; the second one comes after it
        await self.client.flush()
        await self.client.flush()

    async def _on_error(self, error):
        # nats-py hands the broker's sentence on in lower case
        denied = re.search(r'permissions violation for (publish|subscription) to "([^"]+)"', str(error))
        assert denied, error
        (self.publishing if denied[1] == "publish" else self.receiving).add(denied[2])


async def stored(client, stream):
    return await StreamReader(client).counts(stream)


@pytest.mark.parametrize("user", ALLOWED)
async def test_user_may_publish_what_its_process_needs_and_nothing_else(broker, user):
    async with Denials(broker.credentials(user)) as connection:
        for subject in sorted(SUBJECTS):
            await connection.client.publish(subject, b"")
        await connection.settled()
    assert {subject for subject in SUBJECTS if subject.lower() not in connection.publishing} == ALLOWED[user]


async def test_every_user_receives_on_its_own_inbox_alone(broker, owners):
    for user in permissions.users(owners):
        wanted = {">", "in.>", "out.>", "_INBOX.>", "$JS.EVENT.ADVISORY.>", "$SYS.>"}
        wanted |= {"_INBOX_gateway.>", "_INBOX_owner-review.>", f"_INBOX_{user}.>"}
        async with Denials(broker.credentials(user)) as connection:
            for subject in wanted:
                await connection.client.subscribe(subject)
            await connection.settled()
        allowed = {subject for subject in wanted if subject.lower() not in connection.receiving}
        assert allowed == {f"_INBOX_{user}.>"}, user


async def test_owner_takes_and_acknowledges_its_own_deliveries(broker, connect_as, eventually):
    router, owner, provisioner = [
        await connect_as(user) for user in ("router", "owner-finance", "provisioner")
    ]
    await request(router, "out.finance.invoice-discrepancy.p1", b"one")
    await request(router, OTHERS_LANE, b"not yours")
    pull = await owner.jetstream().pull_subscribe_bind("w-finance", stream=subjects.OUT_STREAM)
    taken = await pull.fetch(10, timeout=0.5)
    assert [message.data for message in taken] == [b"one"]
    await taken[0].ack()

    async def acknowledged():
        found = await request_api(provisioner, "CONSUMER.INFO.XD_OUT.w-finance")
        return found["ack_floor"]["stream_seq"] == 1 and found["num_ack_pending"] == 0

    await eventually(acknowledged)


async def test_owner_cannot_make_the_broker_write_into_another_lane_by_a_reply_subject(
    broker, connect_as, eventually
):
    router, gateway, owner, review, provisioner = [
        await connect_as(user)
        for user in ("router", "gateway", "owner-finance", "owner-review", "provisioner")
    ]
    await request(router, "out.finance.invoice-discrepancy.p1", b"finance's own")
    await request(router, OTHERS_LANE, b"review's own")
    pull = await review.jetstream().pull_subscribe_bind("w-review", stream=subjects.OUT_STREAM)
    (held,) = await pull.fetch(1, timeout=1)
    before = await stored(gateway, subjects.OUT_STREAM)

    foreign = (OTHERS_LANE, "dlq.review.d1.1", "timer.d1.1", "receipt.0", "in.0.till.sale")
    for number, subject in enumerate(foreign):
        await owner.publish(f"result.finance.d{number}", b"{}", reply=subject)
        await owner.publish("$JS.API.CONSUMER.INFO.XD_OUT.w-finance", b"", reply=subject)
        await owner.publish("$JS.API.CONSUMER.MSG.NEXT.XD_OUT.w-finance", b'{"batch":1}', reply=subject)
    await owner.publish("result.finance.ack", b"+ACK", reply=held.reply)  # which the broker refuses by itself
    await request(owner, "result.finance.last", b"{}")

    results = await stored(gateway, subjects.RESULTS_STREAM)
    assert len(results) == len(foreign) + 1  # they were taken, and answered somewhere
    assert await stored(gateway, subjects.OUT_STREAM) == before
    for stream in (subjects.DEAD_LETTERS_STREAM, subjects.TIMERS_STREAM, subjects.INTAKE_STREAM):
        assert await stored(gateway, stream) == {}
    theirs = await request_api(provisioner, "CONSUMER.INFO.XD_OUT.w-review")
    assert theirs["num_ack_pending"] == 1

    # the same trick does work within one account, which is why owners have accounts of their own
    await gateway.publish("in.0.till.sale", b"{}", reply="receipt.7")

    async def written():
        return "receipt.7" in await stored(gateway, subjects.OUT_STREAM)

    await eventually(written)


@pytest.mark.parametrize("target", [OTHERS_LANE, "due.d1", "timer.d1.1", "result.review.d1"])
async def test_owner_cannot_schedule_a_message_into_another_lane(broker, connect_as, target):
    owner, gateway = await connect_as("owner-finance"), await connect_as("gateway")
    headers = {"Nats-Schedule": f"@at {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "Nats-Schedule-Target": target}
    answer = msgspec.json.decode((await request(owner, "result.finance.d1", b"{}", headers)).data)
    assert "schedul" in answer["error"]["description"]
    for stream in (subjects.OUT_STREAM, subjects.TIMERS_STREAM, subjects.RESULTS_STREAM):
        assert await stored(gateway, stream) == {}


async def test_timer_of_delivery_fires_on_its_due_subject(broker, connect_as, eventually):
    delivery = await connect_as("delivery")
    now = f"@at {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    headers = {"Nats-Schedule": now, "Nats-Schedule-Target": "due.d1"}
    answer = msgspec.json.decode((await request(delivery, "timer.d1.1", b"again", headers)).data)
    assert answer["stream"] == subjects.TIMERS_STREAM

    async def fired():
        return await StreamReader(delivery).last(subjects.TIMERS_STREAM, "due.d1")

    assert (await eventually(fired)).body == b"again"


async def test_applying_the_streams_again_changes_nothing(broker, connect_as, stream_settings, owners):
    provisioner = await connect_as("provisioner")
    assert await apply(provisioner, stream_settings, [(owner, 256) for owner in owners]) == []


async def test_changed_limits_are_applied_and_what_is_stored_stays(broker, connect_as, stream_settings):
    provisioner, gateway = await connect_as("provisioner"), await connect_as("gateway")
    await request(gateway, "in.0.till.sale", b"kept")
    larger = msgspec.structs.replace(stream_settings, intake_limit_bytes=80 * MIB)
    changes = await apply(provisioner, larger, [("finance", 300), ("returns", 5)])
    assert changes == [
        "stream XD_INTAKE changed",
        "consumer XD_OUT/w-finance changed",
        "consumer XD_OUT/w-returns made",
    ]
    config = (await request_api(provisioner, "STREAM.INFO.XD_INTAKE"))["config"]
    assert (config["max_bytes"], config["allow_atomic"]) == (80 * MIB, True)
    consumer = (await request_api(provisioner, "CONSUMER.INFO.XD_OUT.w-finance"))["config"]
    assert (consumer["max_ack_pending"], consumer["max_deliver"]) == (300, 3)
    assert await stored(gateway, subjects.INTAKE_STREAM) == {"in.0.till.sale": 1}
    assert await apply(provisioner, larger, [("finance", 300), ("returns", 5)]) == []
