"""The names of the NATS headers, and which of them travel on to the next hop."""

MESSAGE_ID = "Nats-Msg-Id"  # hop-local: the broker's de-duplication
EVENT = "Xd-Event"
SOURCE = "Xd-Source"
CONTRACT = "Xd-Contract"  # name@x.y.z
DIGEST = "Xd-Digest"  # of the decoded document: tells a repeat from a conflict
FILE = "Xd-File"  # digest of the file that the item was cut from
ITEM = "Xd-Item"  # i/n, 1-based
INTAKE = "Xd-Intake"  # sequence in XD_INTAKE
DELIVERY = "Xd-Delivery"
EXCEPTION = "Xd-Exception"
ATTEMPT = "Xd-Attempt"  # 1-based, within the cycle
CYCLE = "Xd-Cycle"  # 1-based; each replay is one more
OWNERS_BEFORE = "Xd-Owners-Before"  # owners that passed the exception on, oldest first, commas between
KEY = "Xd-Key"  # token of the business key, for order
REASON = "Xd-Reason"  # code of the error, from the closed list
DETAIL = "Xd-Detail"  # the sentence that goes with the reason, one line of ASCII
ORIGIN = "Xd-Origin"  # STREAM:sequence that a dead letter was made from
SUBJECT = "Xd-Subject"  # the subject that a dead letter had
MEDIA_TYPE = "Content-Type"
TRACE = "traceparent"


def one_line(text: str, limit: int = 300) -> str:
    """Return `text` as a header value: printable ASCII, one line, at most `limit` characters."""
    if text.isascii() and text.isprintable():
        return text[:limit].strip()
    return "".join(c if " " <= c <= "~" else "?" for c in text)[:limit].strip()
