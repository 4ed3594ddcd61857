"""How fast one machine takes, routes and finishes events: `python bench/throughput.py [events]`.

Starts a whole Crossdock (fsync before each acknowledgement), posts POS transactions one by one over 64
connections, then in batches of 250, and waits until the router is through. Client, gateway, router and broker
share the machine's cores, so the figures are for all of them together.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from contracts import subjects
from gateway.bootstrap import install
from gateway.data_folder import DataFolder
from gateway.issuer import mint
from gateway.up import running
from routing.broker.api import StreamReader
from routing.broker.connection import connect
from routing.receipts import last_receipt

SOURCE = "pos-demo"
CONNECTIONS = 64
BATCH = 250


def sale(number: int) -> str:
    """One transaction; one in ten has a price that nothing explains."""
    charged = "3.00" if number % 10 == 0 else "1.00"
    return (
        "<Transaction><RetailStoreID>1</RetailStoreID><WorkstationID>1</WorkstationID>"
        f"<SequenceNumber>{number}</SequenceNumber><BusinessDayDate>2026-03-14</BusinessDayDate>"
        "<EndDateTime>2026-03-14T10:00:00</EndDateTime><CurrencyCode>EUR</CurrencyCode>"
        "<RetailTransaction><LineItem><SequenceNumber>1</SequenceNumber><Sale ItemType='Stock'>"
        f"<ItemID>{number:014d}</ItemID><RegularSalesUnitPrice>1.00</RegularSalesUnitPrice>"
        f"<ExtendedAmount>{charged}</ExtendedAmount><Quantity>1</Quantity>"
        "</Sale></LineItem></RetailTransaction></Transaction>"
    )


def request(path: str, token: str, body: str) -> bytes:
    """One HTTP request as bytes."""
    payload = f"<POSLog>{body}</POSLog>".encode()
    head = (
        f"POST /v1/sources/{SOURCE}/{path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/xml\r\ncontent-length: {len(payload)}\r\n\r\n"
    )
    return head.encode() + payload


async def send(url: str, requests: list[bytes]) -> list[float]:
    """Send all requests over the connections, each waiting for its answer; return the latencies."""
    address = urlsplit(url)
    queue = iter(requests)
    latencies: list[float] = []

    async def work() -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        for one in queue:
            started = time.perf_counter()
            writer.write(one)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            if b" 202 " not in head[:20]:
                raise RuntimeError(head.decode())
            latencies.append(time.perf_counter() - started)
        writer.close()

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return latencies


async def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        installation = install(DataFolder(Path(place)), None, {})
        async with running(installation, None, 0, log_to_files=True) as system:
            token = mint(installation.folder, SOURCE, installation.settings.clients[SOURCE].scopes)
            await send(system.url, [request("events", token, sale(-n)) for n in range(1, 500)])
            await _measure(
                "single posts", system.url, [request("events", token, sale(n)) for n in range(count)], 1
            )
            first = 10 * count
            batches = [
                request("events/batch", token, "".join(sale(n) for n in range(start, start + BATCH)))
                for start in range(first, first + 4 * count, BATCH)
            ]
            sent = time.perf_counter()
            await _measure(f"batches of {BATCH}", system.url, batches, BATCH)
            client = await connect(
                installation.folder.credentials("operator", installation.settings.broker), "bench"
            )
            await _until_routed(StreamReader(client))
            print(f"router: through with them {time.perf_counter() - sent:.1f} s after the first was sent")
            await client.close()


async def _measure(name: str, url: str, requests: list[bytes], items: int) -> None:
    started = time.perf_counter()
    latencies = sorted(await send(url, requests))
    seconds = time.perf_counter() - started
    middle, late = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)]
    print(
        f"{name}: {len(requests) * items / seconds:,.0f} events/s,"
        f" p50 {middle * 1e3:.1f} ms, p99 {late * 1e3:.1f} ms a request"
    )


async def _until_routed(reader: StreamReader) -> None:
    while True:
        last = (await reader.state(subjects.INTAKE_STREAM))["last_seq"]
        receipt = await last_receipt(reader, 0)
        if receipt is not None and receipt.receipt.through >= last:
            return
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
