"""Casts between the majors of a contract: declarative, checked, run in both directions.

`cast` reads `cast.toml`, `operations` has what stands in it, `lint` holds it against the two schemas, `route`
finds the way over several majors, and `verification` proves it on generated documents.
"""
