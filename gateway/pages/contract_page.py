"""The page of one contract: who answers for it, its versions, its fields, what changed, and examples."""

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

from contracts.folder import read_json
from contracts.governance.changes import changes
from contracts.manifest import Consumer, Manifest
from contracts.registry import Contract, ContractVersion
from gateway.pages.fields import Field, fields
from gateway.pages.markup import Child, Markup, code, element, joined, page, table

_MANY_VALUES = 12
_MANY_CHANGES = 40

_KINDS = {
    "native": "A vendor's document: open, it constrains what we read and no more.",
    "canonical": "Ours: closed for those who write it, open for those who read it.",
}


def contract_page(contract: Contract, folder: Path, readers: Iterable[Consumer]) -> str:
    """Return the page. `folder` is the contract's own; `readers` are declared beside the manifest's."""
    manifest = contract.manifest
    newest = contract.newest() or list(contract.versions.values())[-1]
    body = joined(
        element("h1", manifest.title),
        element("p", manifest.description),
        _head(manifest, newest),
        _section("Versions", _versions(manifest)),
        _section(f"Fields of {newest.version}", _fields(newest)),
        _readers([*manifest.consumers, *readers]),
        _section("What changed", _changes(contract)),
        _section(f"Examples of {newest.version}", _examples(folder / newest.version / "examples")),
    )
    way = joined(element("a", "All contracts", href="index.html"), " / ", manifest.name)
    return page(manifest.title, body, way=way)


def state(version: ContractVersion | Any) -> Markup:
    """Return a state as a badge; its word says what its colour does."""
    return element("span", str(version.state), class_=f"state {version.state}")


def _section(title: str, *children: Child) -> Markup:
    return element("section", element("h2", title), *children)


def _head(manifest: Manifest, newest: ContractVersion) -> Markup:
    told: list[tuple[str, Child]] = [
        ("Name", code(manifest.name)),
        ("Newest version", joined(newest.version, " ", state(newest))),
        ("Owner", joined(manifest.owner.team, " · ", manifest.owner.contact)),
        ("Kind", f"{manifest.kind}. {_KINDS[manifest.kind]}"),
    ]
    if manifest.reserved:
        told.append(("Never again", joined(*_listed([code(name) for name in manifest.reserved]))))
    return element("dl", *(joined(element("dt", name), element("dd", value)) for name, value in told))


def _versions(manifest: Manifest) -> Markup:
    rows: list[tuple[Child, ...]] = []
    for version, entry in reversed(_in_order(manifest)):
        note = entry.no_path
        if entry.deprecated:
            ends = entry.deprecated
            note = f"since {ends.effective}; ends on {ends.removal}; use {ends.alternative}. {note}"
        rows.append((version, state(entry), str(entry.published or "not yet"), note))
    return table("Newest first", ("Version", "State", "Published", "Note"), rows)


def _in_order(manifest: Manifest) -> list[tuple[str, Any]]:
    return sorted(manifest.versions.items(), key=lambda each: tuple(map(int, each[0].split("."))))


def _fields(version: ContractVersion) -> Markup:
    rows = [_row(field, _personal(version, field.place)) for field in fields(version.schema)]
    columns = ("Place", "Type", "There", "Meaning", "Unit", "Rules and values")
    return table("As JSON Pointers into the document; * is any item", columns, rows)


def _personal(version: ContractVersion, place: str) -> str:
    """Return the class of personal data at a place, or above it; empty where there is none."""
    above = (kind for pointer, kind in version.pii.items() if f"{place}/".startswith(f"{pointer}/"))
    return next(above, "")


def _row(field: Field, personal: str) -> tuple[Child, ...]:
    rules = [element("div", code(rule)) for rule in field.rules]
    if personal:
        rules.append(element("div", f"personal data ({personal}): shown to nobody"))
    return (
        code(field.place), field.types, field.presence, field.meaning,
        code(field.unit) if field.unit else "", joined(*rules, _values(field)),
    )  # fmt: skip


def _values(field: Field) -> Markup | None:
    if not field.values:
        return None
    listed = joined(*_listed([code(value) for value in field.values]))
    more = ", and readers must expect others" if field.open_values else ""
    if len(field.values) <= _MANY_VALUES:
        return element("div", listed, more)
    return element("details", element("summary", f"{len(field.values)} values{more}"), listed)


def _readers(consumers: list[Consumer]) -> Markup | None:
    if not consumers:
        return None
    rows: list[tuple[Child, ...]] = [
        (
            each.name, str(each.major), each.contact,
            joined(*_listed([code(pointer) for pointer in dict.fromkeys(each.pointers)])),
        )
        for each in sorted(consumers, key=lambda each: (each.name, each.major))
    ]  # fmt: skip
    told = table("Who has said so", ("Reader", "Major", "Contact", "Reads"), rows)
    return _section("Who reads it", told)


def _changes(contract: Contract) -> Markup:
    versions = list(contract.versions.values())
    told = [_step(old, new) for old, new in pairwise(versions)]
    return joined(*reversed(told)) if told else element("p", "There is one version.")


def _step(old: ContractVersion, new: ContractVersion) -> Markup:
    found = [
        element("li", code(change.place or "the document"), " ", change.words)
        for change in changes(old.schema, new.schema)
    ]
    title = element("h3", f"From {old.version} to {new.version}")
    if not found:
        return joined(title, element("p", "Nothing that a document shows."))
    if len(found) <= _MANY_CHANGES:
        return joined(title, element("ul", *found))
    return joined(
        title, element("details", element("summary", f"{len(found)} changes"), element("ul", *found))
    )


def _examples(folder: Path) -> Markup:
    shown: list[Markup] = []
    for file in sorted((folder / "valid").glob("*.json")):
        shown.append(_example(f"{_words(file)} (kept)", read_json(file), []))
    for file in sorted((folder / "invalid").glob("*.json")):
        example = read_json(file)
        broken = [
            element("li", code(each["pointer"] or "the document"), " breaks ", code(each["keyword"]))
            for each in example["violations"]
        ]
        shown.append(_example(f"{_words(file)} (refused)", example["document"], broken))
    return joined(*shown) if shown else element("p", "None.")


def _example(title: str, tree: Any, broken: list[Markup]) -> Markup:
    text = json.dumps(tree, indent=2, ensure_ascii=False)
    return element(
        "details", element("summary", title), element("ul", *broken) if broken else None,
        element("pre", code(text), tabindex="0"),
    )  # fmt: skip


def _words(file: Path) -> str:
    return file.stem.replace("-", " ").capitalize()


def _listed(pieces: list[Markup]) -> list[Child]:
    found: list[Child] = []
    for piece in pieces:
        found += [", ", piece] if found else [piece]
    return found
