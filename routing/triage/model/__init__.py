"""The model that decides beside the rules: its artefact, the checks before it is believed, and its life."""
