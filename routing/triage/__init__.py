"""From an exception to its likely cause, level, severity, and whether a person must look at it."""

from routing.triage.decision import Triage, TriageSettings, is_fault

__all__ = ["Triage", "TriageSettings", "is_fault"]
