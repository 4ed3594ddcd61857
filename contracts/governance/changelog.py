"""A contract's own changelog: what each version changed, in words, newest first."""

from collections.abc import Iterable
from datetime import date

from contracts.governance.changes import Change

CHANGELOG_FILE = "CHANGELOG.md"


def with_version(
    text: str, *, name: str, version: str, on: date, since: str | None, changes: Iterable[Change]
) -> str:
    """Return the changelog with the section of a version on top; `text` is empty where there was none."""
    section = [f"## {version} - {on}", ""]
    if since is None:
        section.append("- The first version.")
    else:
        section += [f"- {_place(change)} {change.words}." for change in changes] or ["- The same language."]
        section += ["", f"Compared with {since}."]
    first = text.find("\n## ")
    head, rest = (text[: first + 1], text[first + 1 :]) if first >= 0 else (text or f"# {name}\n\n", "")
    return head.rstrip("\n") + "\n\n" + "\n".join(section) + "\n" + (f"\n{rest}" if rest else "")


def _place(change: Change) -> str:
    return f"`{change.place}`" if change.place else "The document:"
