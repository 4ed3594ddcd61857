"""The gateway's HTTP face: ingest as bare ASGI handlers, everything else as Litestar handlers."""
