"""Drop files: delimited or fixed-width rows of tills that need no code, only a layout."""
