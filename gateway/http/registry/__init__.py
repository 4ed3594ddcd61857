"""The contract registry over HTTP: read alone, for publishing is a merge and not a POST."""
