"""Formats: which ones are asserted, and what is known of them without asking an engine.

A format is asserted where an engine knows it; any other name is an annotation. What an engine makes of a text
is its own affair, so a format is a set of texts between two patterns: `surely` in it and `maybe` in it.
"""

from functools import cache, lru_cache
from typing import Any

import jsonschema_rs

from contracts.compat.automata import Automaton, Reading
from contracts.compat.regex import Sequence, parse
from contracts.reference import reference

_DAY = "(?:0[1-9]|1[0-9]|2[0-8])"
_TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_DATE = f"[1-9][0-9]{{3}}-(?:0[1-9]|1[0-2])-{_DAY}"
_LOOSE_DATE = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_LOOSE_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
_HEX = "[0-9a-fA-F]"
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"

# what is surely of the format, what may be, and texts to try: some that are and some that are nearly
_KNOWN: dict[str, tuple[str | None, str | None, tuple[str, ...]]] = {
    "date": (f"^{_DATE}$", f"^{_LOOSE_DATE}$", ("2026-02-28", "2026-02-30")),
    "date-time": (
        f"^{_DATE}T{_TIME}Z$",
        f"^{_LOOSE_DATE}[Tt ]{_LOOSE_TIME}$",
        ("2026-02-28T10:00:00Z", "2026-02-28T10:00:00"),
    ),
    "time": (f"^{_TIME}Z$", f"^{_LOOSE_TIME}$", ("10:00:00Z", "10:00:00")),
    "duration": ("^P[1-9]D$", "^P", ("P1D", "P1W", "1d")),
    "uuid": (
        "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$",
        f"^{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}$",
        ("2f1c3a52-0000-4000-8000-000000000000", "2f1c"),
    ),
    "ipv4": (f"^{_BYTE}(?:\\.{_BYTE}){{3}}$", f"^{_BYTE}(?:\\.{_BYTE}){{3}}$", ("10.0.0.1", "10.0.0")),
    "ipv6": (None, "^[0-9a-fA-F:.]+$", ("::1", "2001:db8::1", "zz")),
    "email": ("^[a-z]+@[a-z]+\\.example$", "@", ("desk@shop.example", "desk")),
    "idn-email": (None, "@", ("desk@shop.example", "desk")),
    "uri": ("^https://[a-z]+\\.example/[a-z]*$", ":", ("https://shop.example/a", "urn:a:b", "not a uri")),
    "iri": (None, ":", ("https://shop.example/a", "https://shop.example/ä", "not a uri")),
    "uri-reference": (None, None, ("https://shop.example/a", "a/b", "\\\\x")),
    "iri-reference": (None, None, ("https://shop.example/ä", "a/b", "\\\\x")),
    "uri-template": (None, None, ("https://shop.example/{a}", "{a")),
    "hostname": (None, None, ("shop.example", "-a-", "a_b")),
    "idn-hostname": (None, None, ("shop.example", "-a-")),
    "json-pointer": (None, "^(?:/|$)", ("/a/0", "a")),
    "relative-json-pointer": (None, "^[0-9]", ("0/a", "/a")),
    "regex": (None, None, ("^a$", "(")),
    "color": (None, None, ("red", "#ff0000", "no colour")),
}
SAMPLES = {name: samples for name, (_, _, samples) in _KNOWN.items()}
ASSERTED = frozenset(_KNOWN)


@lru_cache(maxsize=64)
def reading(name: str) -> Reading | None:
    """Return what is known of an asserted format as automata, None where nothing is."""
    surely, maybe, _ = _KNOWN[name]
    if surely is None and maybe is None:
        return None
    nothing = Automaton(parse("$a", widest=False))
    everything = Automaton(Sequence(()))
    return Reading(
        nothing if surely is None else Automaton(parse(surely, widest=False)),
        everything if maybe is None else Automaton(parse(maybe, widest=False)),
    )


@lru_cache(maxsize=20_000)
def conforms(name: str, text: str) -> bool | None:
    """Say whether a text is of an asserted format; None where the engines disagree."""
    ours: bool = _checker().conforms(text, name)
    try:
        theirs = _engine(name).is_valid(text)
    except ValueError:  # a lone surrogate is no text to the other engine
        return None
    return ours if ours == theirs else None


@cache
def _checker() -> Any:
    return reference().FormatChecker()


@lru_cache(maxsize=64)
def _engine(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"format": name}, validate_formats=True)
