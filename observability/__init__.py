"""Seeing what happens: log, metrics, traces. Imports nothing of ours."""
