"""How delivery works through its inputs; how patient it is with an owner stands with the owner."""

from msgspec import Struct


class DeliverySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`inputs_in_flight` messages of each input stream are handled at once.

    What can't be kept now (a full stream, a broker that is away) is tried again every
    `retry_pause_seconds`, and holds its place meanwhile. At the end the inputs in hand get
    `stop_patience_seconds`; what isn't done then comes again.
    """

    inputs_in_flight: int = 128
    retry_pause_seconds: float = 1.0
    stop_patience_seconds: float = 3.0
