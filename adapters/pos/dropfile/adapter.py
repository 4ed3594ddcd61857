"""Drop files in the layouts that the installation declares: cut into documents, and read.

Each item names its layout in the parameter `layout` of its media type: so it can be read again by itself.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from adapters.event_ids import usable_event_id
from adapters.kinds import DocumentKind
from adapters.media_type import parameter, with_parameter
from adapters.pos.dropfile import count, movement, price, sale
from adapters.pos.dropfile.documents import DropFile
from adapters.pos.dropfile.fields import RowsKind
from adapters.pos.dropfile.layouts import PARAMETER, Layouts
from adapters.pos.dropfile.personal import PERSONAL
from adapters.pos.dropfile.series import series_of
from adapters.reading import Reading
from contracts.adapter import Reply, Signature
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, Source
from contracts.ids import body_digest

PART = "part"  # the parameter that tells one document of a file from a whole file, which has a trailer

_BY_ROWS: dict[RowsKind, DocumentKind] = {
    RowsKind.SALE: sale.KIND,
    RowsKind.COUNT: count.KIND,
    RowsKind.MOVEMENT: movement.KIND,
    RowsKind.PRICE: price.KIND,
}
_KINDS = {kind.contract: kind for kind in _BY_ROWS.values()}


class DropFileAdapter:
    """Files of rows. They have no signature and demand no reply."""

    system = "pos"
    format = "dropfile"
    title = "drop files, delimited or fixed-width, by a layout"
    contracts: tuple[str, ...] = tuple(_KINDS)
    signature: Signature | None = None
    reply: Reply | None = None

    def __init__(self, layouts: Layouts) -> None:
        self._layouts = layouts

    def recognises(self, message: Message) -> bool:
        """Say whether the message names a layout, or begins as one says."""
        return self._layouts.recognised(message)

    def split(self, message: Message) -> Iterator[Arrival]:
        """Cut the file into its documents.

        Raises: ContractUnknown for a layout that isn't there; RequestUnreadable where a column is missing in
        the header row, or the trailer at the end.
        """
        layout = self._layouts.of(message.body, message.media_type)
        digest = body_digest(message.body)
        is_part = bool(parameter(message.media_type, PART))
        media_type = with_parameter(message.media_type, PARAMETER, layout.name)
        media_type = with_parameter(media_type, PART, "document")
        file = DropFile(layout, message.body, is_part=is_part)
        for number, body in enumerate(file.documents(), 1):
            yield Arrival(body=body, media_type=media_type, file=digest, item=number, items=0)

    def decode(self, arrival: Arrival) -> Document:
        """Read one document.

        Raises: ContractUnknown for a layout that isn't there; RequestUnreadable where a row can't be read or
        a part of the key is blank; RequestInvalid where the key can't be an id.
        """
        layout = self._layouts.of(arrival.body, arrival.media_type)
        tree = DropFile(layout, arrival.body, is_part=True).tree()
        kind = _BY_ROWS[layout.rows]
        where = f"the key {', '.join(layout.key)}"
        return Document(
            contract=kind.contract,
            tree=tree,
            business_key=kind.business_key(tree),
            source_event_id=usable_event_id(f"{layout.rows}/{tree['key']}", where),
        )

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """Raises: Unmapped for a time outside the calendar."""
        reading = Reading(document, source, received_at, PERSONAL)
        normalised = _KINDS[document.contract].normalise(reading)
        layout = self._layouts.named(document.tree["layout"])
        if layout is None or not layout.sequence_has_no_gaps:
            return normalised
        occurred_at = normalised.facts[0].occurred_at if normalised.facts else None
        return replace(normalised, series=series_of(reading, occurred_at))
