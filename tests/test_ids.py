"""Ids: what they are made of stays the same for ever, whatever makes them fast."""

import base64
import hashlib

from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import body_digest, delivery_id, event_id, exception_id, is_id, order_key


@given(st.binary())
def test_a_digest_is_the_first_128_bits_of_sha_256_in_base32(body: bytes) -> None:
    digest = base64.b32encode(hashlib.sha256(body).digest()[:16]).decode().rstrip("=").lower()
    assert body_digest(body) == digest
    assert is_id(digest)


def test_ids_that_owners_have_seen_never_change() -> None:
    event = event_id("pos-north", "7/3/2026-11-23/41")
    exception = exception_id(event, "inventory-variance", "line:1")
    assert event == "vgu4qm5sp4r4rdiucpkjgp5d4m"
    assert exception == "duqvxpzgt4yvua24hyreikv6bi"
    assert delivery_id(exception, "finance") == "yjfn6usm7tklhzkggaie624zf4"
    assert order_key("store:7") == "erefm7yvmwc6idpdm5uylyzb3a"


@given(st.text(), st.text(), st.text(), st.text())
def test_parts_are_kept_apart(a: str, b: str, c: str, d: str) -> None:
    assert (event_id(a, b) == event_id(c, d)) == ((a, b) == (c, d))
