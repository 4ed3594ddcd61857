"""What the model's side tells of itself, for metrics and the log."""

from collections.abc import Mapping
from typing import Protocol

from contracts.canonical import Category
from routing.triage.model.artefact import ModelRefused
from routing.triage.model.drift import WindowReport

Decided = tuple[Category, str, bool]


class ModelObserver(Protocol):
    """Hears what happened; must not raise."""

    def model_loaded(self, role: str, identity: str, signer: str) -> None:
        """From now on this model has the role: `current` or `challenger`."""
        ...

    def model_refused(self, role: str, refused: ModelRefused, stays: str) -> None:
        """A model was not taken; `stays` is who has the role meanwhile (a model, `rules` or nobody)."""
        ...

    def model_left(self, role: str, instead: str) -> None:
        """No model has the role any more."""
        ...

    def model_failed(self, identity: str, error: Exception) -> None:
        """A model that had passed its checks raised; the rules took the batch."""
        ...

    def decided(self, counts: Mapping[Decided, int]) -> None:
        """A batch was decided: how many, by category, who decided, and whether a person must look."""
        ...

    def shadowed(self, counts: Mapping[tuple[Category, str], int]) -> None:
        """A challenger answered too: `root_cause`, `level` or `none` says how far it agrees, by category."""
        ...

    def window_closed(self, report: WindowReport) -> None:
        """A window of one category is full."""
        ...

    def missing(self, shares: Mapping[str, float]) -> None:
        """The share of features that were missing in the last window of each source."""
        ...


class SilentModelObserver:
    """Hears and forgets."""

    def model_loaded(self, role: str, identity: str, signer: str) -> None: ...

    def model_refused(self, role: str, refused: ModelRefused, stays: str) -> None: ...

    def model_left(self, role: str, instead: str) -> None: ...

    def model_failed(self, identity: str, error: Exception) -> None: ...

    def decided(self, counts: Mapping[Decided, int]) -> None: ...

    def shadowed(self, counts: Mapping[tuple[Category, str], int]) -> None: ...

    def window_closed(self, report: WindowReport) -> None: ...

    def missing(self, shares: Mapping[str, float]) -> None: ...
