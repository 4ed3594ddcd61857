"""Segments and fields of an IDoc that are about people, or in which people write."""

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

PERSONAL = PersonalMembers(names=_SEGMENTS | _FIELDS)
