"""From an accepted item to its owner: the stage loop, triage, routes, delivery and dead letters."""
