"""HTML, built from elements: text is escaped, whoever wrote it; only what is made here is markup."""

import html

_VOID = frozenset({"meta", "link"})


class Markup(str):
    """A piece of HTML."""

    __slots__ = ()


Child = str | Markup | None


def element(name: str, /, *children: Child, **attributes: str) -> Markup:
    """Return an element; `class_` stands for `class`, an underscore for a hyphen, None for no child."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(value)}"' for key, value in attributes.items()
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(*children)}</{name}>")


def joined(*children: Child) -> Markup:
    """Return children side by side."""
    return Markup("".join(_written(child) for child in children if child is not None))


def _written(child: Child) -> str:
    return child if isinstance(child, Markup) else html.escape(child or "", quote=False)


def table(caption: str, columns: tuple[str, ...], rows: list[tuple[Child, ...]]) -> Markup:
    """Return a table whose first column names its rows; it scrolls by itself where the page is narrow."""
    head = element("tr", *(element("th", column, scope="col") for column in columns))
    body = (
        element("tr", element("th", first, scope="row"), *(element("td", cell) for cell in rest))
        for first, *rest in rows
    )
    whole = element("table", element("caption", caption), element("thead", head), element("tbody", *body))
    return element("div", whole, class_="scroll", role="region", aria_label=caption, tabindex="0")


def code(text: str) -> Markup:
    """Return text as it stands in a document."""
    return element("code", text)


def page(title: str, body: Markup, *, way: Markup | None = None) -> str:
    """Return a whole page; `way` are the links above it."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{title} · Crossdock contracts"),
        element("link", rel="stylesheet", href="style.css"),
    )
    whole = element(
        "body",
        element("a", "To the content", class_="skip", href="#content"),
        element("nav", way, aria_label="Where you are") if way else None,
        element("main", body, id="content"),
    )
    return f"<!doctype html>\n{element('html', head, whole, lang='en-GB')}\n"
