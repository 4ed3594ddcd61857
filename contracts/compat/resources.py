"""Where the references of a schema lead: base URIs, anchors, pointers; nothing is fetched."""

from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from contracts.compat.dialects import OLD, Dialect, Schema, children

Place = tuple[Any, str]  # a schema, and the base URI that holds there


class Resources:
    """The schemas of one document by what a reference may call them."""

    def __init__(self, root: Schema, dialect: Dialect) -> None:
        self._dialect = dialect
        self._id_keyword = "id" if dialect is Dialect.DRAFT_4 else "$id"
        self._by_uri: dict[str, Any] = {"": root}
        self._anchors: dict[tuple[str, str], Place] = {}
        self._dynamic: dict[str, list[Place]] = {}
        self._bases: dict[int, str] = {}
        self.root: Place = (root, self._index(root, ""))
        self._by_uri.setdefault(self.root[1], root)

    def _index(self, schema: Any, outer: str) -> str:
        """Take in a schema and all in it; return the base URI that holds in it."""
        if not isinstance(schema, dict) or id(schema) in self._bases:
            return self._bases.get(id(schema), outer)
        base = self._base(schema, outer)
        self._bases[id(schema)] = base
        for keyword in ("$anchor", "$dynamicAnchor"):
            if isinstance(schema.get(keyword), str) and self._dialect not in OLD:
                self._anchors.setdefault((base, schema[keyword]), (schema, base))
        if isinstance(schema.get("$dynamicAnchor"), str):
            self._dynamic.setdefault(schema["$dynamicAnchor"], []).append((schema, base))
        for _, child in children(schema):
            self._index(child, base)
        return base

    def _base(self, schema: dict[str, Any], outer: str) -> str:
        own = schema.get(self._id_keyword)
        if not isinstance(own, str) or (self._dialect in OLD and "$ref" in schema):
            return outer
        uri, fragment = urldefrag(urljoin(outer, own))
        if fragment and self._dialect in OLD:
            self._anchors.setdefault((uri, fragment), (schema, uri))
        if own.startswith("#"):
            return outer
        self._by_uri.setdefault(uri, schema)
        return uri

    def base(self, schema: Any, outer: str) -> str:
        """Return the base URI inside a schema that stands where `outer` holds."""
        return self._bases.get(id(schema), outer)

    def find(self, reference: str, base: str) -> Place | None:
        """Return what a reference leads to, None where that isn't in the document."""
        uri, fragment = urldefrag(urljoin(base, reference))
        if uri not in self._by_uri:
            return None
        resource = self._by_uri[uri]
        if not fragment:
            return resource, self._bases.get(id(resource), uri)
        if fragment.startswith("/"):
            return self._follow(resource, uri, unquote(fragment))
        return self._anchors.get((uri, fragment))

    def find_dynamic(self, reference: str, base: str) -> Place | None:
        """Return what a `$dynamicRef` leads to, where that is the same from everywhere; else None."""
        found = self.find(reference, base)
        _, fragment = urldefrag(reference)
        places = self._dynamic.get(fragment, [])
        if found is None or not any(place[0] is found[0] for place in places):
            return found  # it starts as a plain reference, and stays one without a dynamic anchor
        return found if len(places) == 1 else None

    def _follow(self, schema: Any, base: str, pointer: str) -> Place | None:
        base = self._bases.get(id(schema), base)
        for token in pointer[1:].split("/"):
            name = token.replace("~1", "/").replace("~0", "~")
            if isinstance(schema, list) and name.isdigit() and int(name) < len(schema):
                schema = schema[int(name)]
            elif isinstance(schema, dict) and name in schema:
                schema = schema[name]
            else:
                return None
            base = self._bases.get(id(schema), base)
        if not isinstance(schema, dict | bool):
            return None
        return schema, self._index(schema, base)
