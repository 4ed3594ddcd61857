"""The language that every part of Crossdock shares; it knows no web framework, no broker and no clock."""
