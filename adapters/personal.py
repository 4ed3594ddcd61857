"""What is about people, by a member's name or by how a text looks: it never travels with a fact.

It holds for every format. What a format's own documents call people, and no other would, is in its
`personal.py`. What is left out by chance can still be read in the original bytes.
"""

import re
from functools import lru_cache

NAME_MAX_CHARACTERS = 100

# what has a name and is no person. Suppliers are not among them: there are sole traders
_NAMED_THINGS = (
    "action", "aisle", "application", "article", "attribute", "batch", "brand", "campaign", "carrier",
    "category", "center", "centre", "channel", "class", "code", "color", "colour", "column", "company",
    "country", "currency", "department", "depot", "device", "document", "entity", "event", "facility",
    "field", "file", "folder", "function", "host", "item", "journal", "label", "language", "layout",
    "list", "location", "machine", "manufacturer", "market", "material", "message", "method", "model",
    "module", "object", "offer", "organisation", "organization", "package", "parameter", "plant",
    "process", "product", "program", "promotion", "property", "reason", "region", "report", "resource",
    "route", "schema", "season", "server", "service", "shelf", "shop", "site", "status", "step", "stock",
    "store", "system", "table", "template", "terminal", "topic", "type", "unit", "variant", "vessel",
    "warehouse", "workflow", "zone",
)  # fmt: skip
# whose "note" is a document of the trade
_NOTED_THINGS = ("advice", "credit", "debit", "delivery", "despatch", "dispatch", "goods")


def _but_not(word: str, things: tuple[str, ...]) -> str:
    return word + "".join(f"(?<!{thing}{word})" for thing in things)


# parts of names in lower case and without what stands between words
_NAME = re.compile(
    _but_not("name", _NAMED_THINGS) + "(?!nt|space)"
    "|mail|phone|telf|telef|mobil|fax|contact(?!less)|addr|street|stras|postal|postcode|zipcode"
    "|person|user|employee|worker|operator|cashier|driver|patient|(?:creat|chang|modifi|updat|approv)edby"
    "|birth|passport|signature|signator|signedby|iban|bank|comment"
    "|" + _but_not("note", _NOTED_THINGS) + "(?=s?[0-9]*$|text)"
)  # fmt: skip

_E_MAIL = re.compile(r"[^\s@]@[^\s@]")
_IBAN = "(?=(?: ?[A-Z0-9]){15,34}$)[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4})+(?: ?[A-Z0-9]{1,3})?$"
# with a country's or an area's code, or in the North American form; no day, and no number padded with zeros
_PHONE = (
    r"[+(][0-9][0-9 ()/.-]{5,}(?<=[0-9])$"
    r"|(?![0-9]{1,2}[ ./-][0-9]{1,2}[ ./-][0-9]{2,4}$)00?[1-9][0-9]{0,4}[ /-][0-9 /-]{4,}(?<=[0-9])$"
    r"|[0-9]{3}[ .-][0-9]{3}[ .-][0-9]{4}$"
)
_NUMBER = re.compile(f"{_IBAN}|{_PHONE}")


def sounds_personal(name: str) -> bool:
    """Say whether a member of this name is about a person: `e_mail`, `ContactPerson`, and not `file_name`.

    What is longer than any name goes no further either.
    """
    return len(name) > NAME_MAX_CHARACTERS or _is_about_people(name)


def looks_personal(text: str) -> bool:
    """Say whether a text holds an e-mail address, or is the number of a telephone or of an account (IBAN)."""
    has_address = "@" in text and _E_MAIL.search(text) is not None
    return has_address or _NUMBER.match(text) is not None


# the names are few and come again with every document
@lru_cache(maxsize=4096)
def _is_about_people(name: str) -> bool:
    return _NAME.search("".join(filter(str.isalnum, name.lower()))) is not None
