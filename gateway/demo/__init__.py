"""`crossdock demo`: the whole system at work on real messages, with every number checked at the end."""
