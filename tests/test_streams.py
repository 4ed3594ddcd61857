"""The streams as data: what is refused before anything runs."""

import pytest

from contracts.records import Receipt
from routing.broker.commit import Outgoing, publish
from routing.broker.streams import PartitionsLowered, apply
from routing.receipts import encode


async def test_fewer_partitions_than_are_in_use_are_refused(connect_as, stream_settings):
    router, provisioner = await connect_as("router"), await connect_as("provisioner")
    receipt = Receipt(partition=2, through=1)
    await publish(router, Outgoing(subject="receipt.2", body=encode(receipt), headers={}))
    with pytest.raises(PartitionsLowered, match="3 partitions are in use"):
        await apply(provisioner, stream_settings, [])
