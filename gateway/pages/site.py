"""All pages together: an index, one page for each contract, and the sheet that they share."""

from collections.abc import Iterator
from pathlib import Path

from contracts.expectations import Expectations, as_consumers
from contracts.manifest import Kind
from contracts.registry import Contract, Registry
from gateway.pages.contract_page import contract_page, state
from gateway.pages.markup import Child, Markup, code, element, joined, page, table
from gateway.pages.style import STYLE

_ABOUT = (
    "What a document must look like, so that a sender learns at once what is wrong with a message, and "
    "everybody behind the gateway can rely on what comes through."
)


def pages(
    registry: Registry, folder: Path, expectations: tuple[Expectations, ...] = ()
) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each file; `folder` is the one that the registry was read from.

    Raises: ContractsError for an example that can't be read.
    """
    yield "style.css", STYLE
    yield "index.html", _index(registry)
    for name in registry.names:
        readers = as_consumers(expectations, name)
        yield f"{name}.html", contract_page(registry.contract(name), folder / name, readers)


def write_pages(
    registry: Registry, folder: Path, out: Path, expectations: tuple[Expectations, ...] = ()
) -> int:
    """Write all files into `out` and return how many there are. Raises: OSError, ContractsError."""
    whole = dict(pages(registry, folder, expectations))
    out.mkdir(parents=True, exist_ok=True)
    for name, text in whole.items():
        (out / name).write_text(text, "utf-8")
    return len(whole)


def _index(registry: Registry) -> str:
    contracts = [registry.contract(name) for name in registry.names]
    groups: dict[str, list[Contract]] = {}
    for contract in contracts:
        groups.setdefault(_group(contract), []).append(contract)
    sections = [
        element("section", element("h2", title), _table(title, groups[title]))
        for title in sorted(groups, key=lambda title: (title.startswith("Documents"), title))
    ]
    return page("All contracts", joined(element("h1", "Contracts"), element("p", _ABOUT), *sections))


def _group(contract: Contract) -> str:
    manifest = contract.manifest
    if manifest.kind is Kind.CANONICAL:
        return "Exceptions" if manifest.name.startswith("exception-") else "Facts"
    return f"Documents of {manifest.domain}"


def _table(title: str, contracts: list[Contract]) -> Markup:
    rows: list[tuple[Child, ...]] = []
    for contract in contracts:
        manifest = contract.manifest
        newest = contract.newest() or list(contract.versions.values())[-1]
        link = element("a", code(manifest.name), href=f"{manifest.name}.html")
        rows.append((link, manifest.title, manifest.owner.team, newest.version, state(newest)))
    return table(title, ("Contract", "What it is", "Owner", "Newest", "State"), rows)
