"""Whether one schema can take another's place: proven, refuted with a witness, or undecided.

`contracts.compat.compare` is the way in; `comparison` has the types that it answers in.
"""
