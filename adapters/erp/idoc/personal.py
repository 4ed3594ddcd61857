"""Segments and fields of an IDoc that are about people, or in which people write."""

import re

from adapters.personal_members import PersonalMembers

# segments that hold people's names, addresses, accounts and cards, or free text in which people write them
_SEGMENTS = frozenset(
    {
        "E1EDKA1", "E1EDKA2", "E1EDKA3", "E1EDPA1", "E1EDPA2", "E1EDPA3", "E1ADRM1", "E1ADRE1", "E1ADRP1",
        "E1EDK28", "E1EDK36", "E1EDKT1", "E1EDKT2", "E1EDPT1", "E1EDPT2", "E1TXTH8", "E1TXTP8", "E1TXTH9",
        "E1TXTP9", "E1MTXHM", "E1MTXLM", "EDI_DS40", "E1STATS",
    }
)  # fmt: skip
# members that do wherever they stand: users, buyers and planners, tax numbers of sole traders, accounts
_FIELDS = frozenset(
    {
        "ERNAM", "AENAM", "BNAME", "USNAM", "UNAME", "EIGENUINR", "KUNDEUINR", "STCEG", "IHREZ", "PERNR",
        "ACNUM", "ACNAM", "BIBAN", "CCNUM", "CCNAME", "EKGRP", "DISPO", "GR_RCPT", "WEMPF", "HEADER_TXT",
        "BKTXT", "ITEM_TEXT", "SGTXT",
    }
)  # fmt: skip

# custom fields have no list: what is named like personal data, or looks like it, is left out
_NAME_PATTERN = re.compile(
    "NAME|MAIL|TELF|TELEF|PHONE|MOBIL|FAX|STRAS|STREET|ADDR|IBAN|BANK|USER|PERSON|CONTACT|BIRTH|SIGN",
    re.IGNORECASE,
)
_EMAIL = "@"
# the second with a blank or a mark between its digits; without going back, for a text may be megabytes long
_PHONE = r"^\+[0-9]{7,15}$|^[+(]?[0-9][0-9 ()/.-]{4}[0-9.]*+[ ()/-][0-9 ()/.-]*+(?<=[0-9])$"
_IBAN = "^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$"
_TEXT_PATTERN = re.compile("|".join((_EMAIL, _PHONE, _IBAN)))


def is_person(text: str) -> bool:
    """Say whether a text has the form of an e-mail address, a telephone number or an account."""
    return _TEXT_PATTERN.search(text) is not None


PERSONAL = PersonalMembers(names=_SEGMENTS | _FIELDS, name_pattern=_NAME_PATTERN, is_person=is_person)
