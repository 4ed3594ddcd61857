"""How long and how many: the limits of the canonical contracts, for those who write facts and exceptions."""

KEY_MAX_CHARACTERS = 256  # of a key, and of an id
LINE_MAX_CHARACTERS = 64
WORDS_MAX_CHARACTERS = 256  # of a status, and of a reason
DESCRIPTION_MAX_CHARACTERS = 1000
NAME_MAX_CHARACTERS = 200
UNIT_MAX_CHARACTERS = 35
LINES_LIMIT = 10_000
REFERENCES_LIMIT = 1000
EXCEPTION_REFERENCES_LIMIT = 50  # ours: with all of its document's an exception would be as large as that
POINTER_MAX_CHARACTERS = 1000
DECIMALS_LIMIT = 31  # digits after the point
SERIES_MAX_CHARACTERS = 200
SERIES_NUMBER_MAX_DIGITS = 15
EXTENSIONS_LIMIT = 200  # the profile has no keyword for it
EXTENSION_MAX_CHARACTERS = 300
