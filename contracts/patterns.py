"""Regular expressions that mean the same in every engine, and whose languages can be compared."""

import re

_REPEAT_LIMIT = 1000

_TOKEN = re.compile(
    r"""
      (?P<class>\[\^?(?:[^\]\[\\^]|\\[^A-Za-z0-9])+\])
    | (?P<open>\((?:\?:)?)
    | (?P<close>\))
    | (?P<bar>\|)
    | (?P<repeat>[*+?]|\{[0-9]+(?:,[0-9]*)?\})
    | (?P<literal>\\[^A-Za-z0-9]|[^\\\[\](){}*+?|^$.])
    """,
    re.VERBOSE,
)


def pattern_findings(pattern: str) -> list[str]:
    """Return what keeps `pattern` out of the profile, as sentences.

    In it: literals, escaped punctuation, classes such as `[0-9A-F]`, groups, alternatives within groups, and
    greedy repetition. Out of it: `\\d`, `\\w` and `\\s` (engines disagree about Unicode), the dot (about line
    ends), lookaround, back references, and anything that isn't anchored at both ends.
    """
    if not pattern.startswith("^") or not pattern.endswith("$") or pattern.endswith(r"\$"):
        return ["a pattern is anchored: it starts with ^ and ends with $"]
    found: list[str] = []
    depth, before, position = 0, "", 1
    while position < len(pattern) - 1:
        token = _TOKEN.match(pattern, position, len(pattern) - 1)
        if token is None or token.lastgroup is None:
            return [*found, f"{pattern[position : position + 4]!r} at {position} is outside the profile"]
        found += _misplaced(token.lastgroup, token.group(), before, depth)
        depth += {"open": 1, "close": -1}.get(token.lastgroup, 0)
        before, position = token.lastgroup, token.end()
    if depth:
        found.append("a group is not closed")
    return found


def _misplaced(kind: str, text: str, before: str, depth: int) -> list[str]:
    if kind == "bar" and depth == 0:
        return ["alternatives stand in a group, or the anchors hold one of them only"]
    if kind == "close" and depth == 0:
        return ["a group ends that never began"]
    if kind != "repeat":
        return []
    if before not in {"class", "literal", "close"}:
        return [f"{text} repeats nothing, or repeats a repetition"]
    if any(int(bound) > _REPEAT_LIMIT for bound in re.findall("[0-9]+", text)):
        return [f"{text} repeats more than {_REPEAT_LIMIT} times"]
    return []
