"""The pages about contracts: complete, well-formed, escaped, without a network, and usable by everybody."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from contracts.expectations import read_expectations
from contracts.folder import PUBLISHED
from contracts.manifest import ContractsError
from contracts.registry import Registry
from gateway.pages.fields import fields
from gateway.pages.markup import Markup, element, joined
from gateway.pages.site import pages, write_pages

REGISTRY = Registry.load()
CONSUMERS = Path(__file__).resolve().parent.parent / "contract-tests" / "consumers"
VOID = {"meta", "link"}


class Page(HTMLParser):
    """What a browser and a screen reader need of a page; `faults` says what is not well-formed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> stays open" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes another")

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def site() -> dict[str, str]:
    return dict(pages(REGISTRY, PUBLISHED, read_expectations(CONSUMERS)))


@pytest.fixture(scope="module")
def parsed(site: dict[str, str]) -> dict[str, Page]:
    return {name: Page(text) for name, text in site.items() if name.endswith(".html")}


def test_every_contract_has_a_page_and_the_index_leads_to_it(parsed: dict[str, Page]) -> None:
    assert set(parsed) == {"index.html", *(f"{name}.html" for name in REGISTRY.names)}
    links = {link["href"] for link in parsed["index.html"].all("a")}
    assert links == {"#content", *(f"{name}.html" for name in REGISTRY.names)}


def test_pages_are_well_formed_and_have_what_a_screen_reader_needs(parsed: dict[str, Page]) -> None:
    for name, page in parsed.items():
        assert page.faults == [], name
        assert page.all("html") == [{"lang": "en-GB"}]
        assert len(page.all("h1")) == 1
        assert page.all("main") == [{"id": "content"}]
        assert page.all("a")[0] == {"class": "skip", "href": "#content"}
        assert len(page.all("table")) == len(page.all("caption")) > 0
        assert all(cell["scope"] in {"row", "col"} for cell in page.all("th"))
        levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
        assert all(after <= before + 1 for before, after in pairwise(levels)), name


def test_pages_need_no_network_and_no_script(site: dict[str, str], parsed: dict[str, Page]) -> None:
    for page in parsed.values():
        assert not page.all("script")
        sources = [tag for _, tag in page.tags if "src" in tag]
        assert sources == []
        links = [str(tag["href"]) for _, tag in page.tags if "href" in tag]
        assert all(re.fullmatch(r"#content|style\.css|[a-z0-9-]+\.html", link) for link in links)
    assert "url(" not in site["style.css"]
    assert "@import" not in site["style.css"]


def test_colours_are_readable_in_light_and_in_dark(site: dict[str, str]) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text."""
    light, dark = re.findall(r":root \{(.*?)\}", site["style.css"], flags=re.DOTALL)
    assert "prefers-color-scheme: dark" in site["style.css"]
    for scheme in (light, dark):
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", scheme))
        for ink in ("ink", "quiet", "link", "good", "warn", "bad"):
            for paper in ("paper", "tint"):
                assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_page_tells_owner_versions_fields_changes_readers_and_examples(parsed: dict[str, Page]) -> None:
    text = parsed["exception-inventory-variance.html"].text
    for told in (
        "Stock differs from the book", "inventory-control@example.com", "2026-11-25", "1.1.0", "published",
        "/money_at_risk/amount", "The amount in major units: 12.50 is twelve and a half.", "{currency}",
        "/context/*/name", "and readers must expect others", "From 1.0.0 to 1.1.0", "is new, optional",
        "store-ops", "Counted below book (kept)", "Decimal comma (refused)", "/references/*/kind",
    ):  # fmt: skip
        assert told in text, told


def test_every_place_of_a_contract_is_in_its_table_with_a_meaning() -> None:
    for name in REGISTRY.names:
        version = REGISTRY.contract(name).newest()
        assert version is not None
        found = fields(version.schema)
        assert len({field.place for field in found}) == len(found)
        assert all(field.place.startswith("/") and field.presence for field in found)
        if version.kind == "canonical":
            assert [
                field.place for field in found if not field.meaning and not field.place.endswith("*")
            ] == []


def test_what_counts_in_one_form_of_an_object_says_in_which() -> None:
    version = REGISTRY.contract("exception-inventory-variance").newest()
    assert version is not None
    (value,) = [field for field in fields(version.schema) if field.place == "/expected/value"]
    assert "quantity: How many or how much" in value.meaning
    assert "amount: The amount in major units." in value.meaning
    assert "status: at most 256 characters" in value.rules
    assert any(rule.startswith("quantity, amount: matches ") for rule in value.rules)


def test_presence_says_whether_a_member_is_there_wherever_its_object_is() -> None:
    schema = {
        "type": "object",
        "required": ["a"],
        "properties": {
            "a": {"oneOf": [{"$ref": "#/$defs/one"}, {"$ref": "#/$defs/other"}]},
            "b": {"type": "array", "items": {"type": "string"}},
        },
        "$defs": {
            "one": {"properties": {"kind": {"const": "x"}, "unit": {}}, "required": ["kind", "unit"]},
            "other": {"properties": {"kind": {"const": "y"}}, "required": ["kind"]},
        },
    }
    told = {field.place: field.presence for field in fields(schema)}
    assert told == {
        "/a": "always", "/a/kind": "always", "/a/unit": "in some forms", "/b": "optional",
        "/b/*": "each item",
    }  # fmt: skip


def test_personal_data_is_marked(parsed: dict[str, Page]) -> None:
    pii = [name for name in REGISTRY.names if REGISTRY.contract(name).manifest.pii]
    assert pii
    assert "shown to nobody" in parsed[f"{pii[0]}.html"].text


def test_what_people_wrote_stays_text(tmp_path: Path) -> None:
    evil = '<script>alert("x")</script>&'
    assert element("p", evil, title=evil) == (
        '<p title="&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;">'
        '&lt;script&gt;alert("x")&lt;/script&gt;&amp;</p>'
    )
    assert joined("<", Markup("<br>"), None) == "&lt;<br>"
    folder = tmp_path / "exception-inventory-variance"
    source = PUBLISHED / folder.name
    (folder / "1.0.0" / "examples" / "valid").mkdir(parents=True)
    (folder / "1.0.0" / "schema.json").write_text(
        (source / "1.0.0" / "schema.json")
        .read_text()
        .replace("The category of this exception.", "</td><script>")
    )
    (folder / "1.0.0" / "examples" / "valid" / "a.json").write_text('{"note": "</pre><script>"}')
    manifest = (source / "contract.toml").read_text().partition('[versions."1.1.0"]')[0]
    title = "Stock differs from the book"
    (folder / "contract.toml").write_text(manifest.replace(title, "</title><script>"))
    assert write_pages(Registry.load(tmp_path), tmp_path, tmp_path / "out") == 3
    for name in ("index.html", f"{folder.name}.html"):
        text = (tmp_path / "out" / name).read_text()
        assert "<script" not in text
        assert Page(text).faults == []
        assert "</title><script>" in Page(text).text


def test_example_that_cannot_be_read_writes_no_page(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "exception-inventory-variance"
    (folder / "1.0.0" / "examples" / "valid").mkdir(parents=True)
    source = PUBLISHED / folder.name
    (folder / "1.0.0" / "schema.json").write_text((source / "1.0.0" / "schema.json").read_text())
    (folder / "contract.toml").write_text(
        (source / "contract.toml").read_text().partition('[versions."1.1.0"]')[0]
    )
    (folder / "1.0.0" / "examples" / "valid" / "broken.json").write_text("{")
    with pytest.raises(ContractsError, match=r"broken\.json"):
        write_pages(Registry.load(tmp_path / "in"), tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out").exists()
