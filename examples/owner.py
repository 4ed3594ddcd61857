"""An owner: CROSSDOCK_OWNER_CREDENTIALS=<file> python examples/owner.py <folder for its cases>"""

import logging
import sys
from pathlib import Path

from crossdock_sdk import Answer, Delivery, Done, Owner, Reject, Retry, Seen

log = logging.getLogger("owner")
OURS = ("invoice-mismatch", "supplier-short-shipment")


def main(cases: Path) -> None:
    """Open a case for each delivery until SIGTERM."""
    cases.mkdir(parents=True, exist_ok=True)
    owner = Owner.from_credentials(seen=Seen(cases / "seen.sqlite"))

    @owner.on_delivery
    async def open_case(delivery: Delivery) -> Answer:
        if delivery.category not in OURS:
            return Reject(reason=f"{delivery.category} is not ours")
        if delivery.exception.get("missing") and delivery.attempt == 1:
            return Retry(delay_seconds=0.5, reason="the rest of it may be on its way")
        # named by the delivery's id: however often it comes, there is one case
        (cases / f"{delivery.id}.json").write_bytes(delivery.body)
        log.info("a case is open for the %s %s", delivery.category, delivery.id)
        return Done()

    owner.run()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "cases"))
