"""UBL ProductActivity XML: what a retailer's locations sold, took back, moved and have on hand."""
