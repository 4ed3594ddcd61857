"""Two validators that judge one value: an answer counts where both give it."""

from collections.abc import Callable
from typing import Any

import jsonschema_rs

from contracts.compat.dialects import Dialect, Schema
from contracts.reference import reference

_REFERENCES = {
    Dialect.DRAFT_4: "Draft4Validator",
    Dialect.DRAFT_6: "Draft6Validator",
    Dialect.DRAFT_7: "Draft7Validator",
    Dialect.DRAFT_2019: "Draft201909Validator",
}
_ENGINES: dict[Dialect, Any] = {
    Dialect.DRAFT_4: jsonschema_rs.Draft4Validator,
    Dialect.DRAFT_6: jsonschema_rs.Draft6Validator,
    Dialect.DRAFT_7: jsonschema_rs.Draft7Validator,
    Dialect.DRAFT_2019: jsonschema_rs.Draft201909Validator,
}


class Judge:
    """One schema in both engines, formats asserted."""

    def __init__(self, schema: Schema, dialect: Dialect) -> None:
        validator = getattr(reference(), _REFERENCES.get(dialect, "Draft202012Validator"))
        checker = reference().FormatChecker()
        self._reference = validator(schema, format_checker=checker).is_valid
        self._engine = _engine(schema, dialect)

    @property
    def usable(self) -> bool:
        """Say whether both engines take the schema."""
        return self._engine is not None

    def quick(self, value: Any) -> bool | None:
        """Return the verdict of the fast engine alone."""
        try:
            return None if self._engine is None else self._engine(value)
        except Exception:  # noqa: BLE001 - what an engine can't judge is no verdict, whatever it raises
            return None

    def valid(self, value: Any) -> bool | None:
        """Return whether a value is valid; None where the engines disagree or can't tell."""
        ours = self.quick(value)
        if ours is None:
            return None
        try:
            return ours if self._reference(value) == ours else None
        except Exception:  # noqa: BLE001 - what an engine can't judge is no verdict, whatever it raises
            return None


def _engine(schema: Schema, dialect: Dialect) -> Callable[[Any], bool] | None:
    try:
        engine = _ENGINES.get(dialect, jsonschema_rs.Draft202012Validator)
        found: Callable[[Any], bool] = engine(schema, validate_formats=True).is_valid
        return found
    except (ValueError, TypeError, jsonschema_rs.ReferencingError, jsonschema_rs.ValidationError):
        return None
