"""Static pages about contracts: one for each, and an index, for people without an account or a network."""
