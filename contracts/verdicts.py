"""Reading what owners publish: an owner may send any bytes on its own subjects, and they must harm nobody."""

import msgspec

from contracts.records import Verdict

REASON_LIMIT_CHARACTERS = 1000
NAME_LIMIT_CHARACTERS = 64
NUMBER_LIMIT = 1 << 31  # no cycle or attempt comes near it, and what is beyond 64 bits can't be encoded again

_decoder = msgspec.json.Decoder(Verdict)


def read_verdict(body: bytes) -> Verdict | None:
    """Return the verdict with its texts cut (a reason to 1,000 characters), or None for bytes that are none.

    Its `sequence` may be any number: whether it means an attempt is for the streams to say.
    """
    try:
        verdict = _decoder.decode(body)
    # msgspec raises the latter two for text that is no UTF-8 and for deep nesting
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not (0 < verdict.cycle < NUMBER_LIMIT and 0 < verdict.attempt < NUMBER_LIMIT):
        return None
    if len(verdict.reason) <= REASON_LIMIT_CHARACTERS and _are_short(verdict.owner, verdict.root_cause):
        return verdict
    return msgspec.structs.replace(
        verdict,
        reason=verdict.reason[:REASON_LIMIT_CHARACTERS],
        owner=verdict.owner[:NAME_LIMIT_CHARACTERS],
        root_cause=verdict.root_cause[:NAME_LIMIT_CHARACTERS],
    )


def _are_short(*names: str) -> bool:
    return all(len(name) <= NAME_LIMIT_CHARACTERS for name in names)
