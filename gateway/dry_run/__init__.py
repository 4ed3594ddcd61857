"""A candidate contract held against what really came: what share would be refused, of whom, and where."""
