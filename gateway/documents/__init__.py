"""Documents made from contracts, streams and settings: AsyncAPI, and a page for each contract."""
