"""Who decides now: the model that the folder names, kept as long as no better one passes; else the rules."""

import asyncio
from pathlib import Path

from contracts.canonical import Category
from routing.triage.model import artefact
from routing.triage.model.answers import AnswerSheet
from routing.triage.model.artefact import ModelRefused, Print, Refusal
from routing.triage.model.autonomy import AutonomyTable
from routing.triage.model.checks import CheckedModel, Demands, check
from routing.triage.model.drift import CategoryDrift
from routing.triage.model.observer import ModelObserver
from routing.triage.model_settings import ModelSettings

RULES = "rules"
NOBODY = "nobody"


class Champion:
    """The model that decides, with all that is worked out from it once. A new one starts with no drift."""

    def __init__(self, model: CheckedModel, demands: Demands, settings: ModelSettings) -> None:
        self.sheet = AnswerSheet(model, demands.taxonomy)
        self.autonomy = AutonomyTable(demands.taxonomy, model.manifest.autonomy, settings.autonomy)
        self.drift: dict[Category, CategoryDrift] = {}
        if settings.drift_window:
            self.drift = {
                Category(name): CategoryDrift(name, reference, settings.drift_window)
                for name, reference in model.manifest.reference.items()
            }


class ModelWatch:
    """Looks at the folder of models. `look` blocks (it reads, and tries the graph): not in an event loop.

    `champion` and `challenger` are replaced whole, so that a batch that has begun ends with the one it began
    with. Who reads `champion` and finds None finds why in `why_rules`.
    """

    def __init__(self, demands: Demands, settings: ModelSettings, observer: ModelObserver) -> None:
        self.champion: Champion | None = None
        self.challenger: AnswerSheet | None = None
        self.why_rules = "no model was looked for yet"
        self._demands = demands
        self._settings = settings
        self._observer = observer
        self._root = Path(settings.models_folder) if settings.models_folder else artefact.SHIPPED
        self._looked: dict[str, Print | str] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Look again and again until `stop`."""
        while not stop.is_set():
            await asyncio.to_thread(self.look)
            try:
                await asyncio.wait_for(stop.wait(), self._settings.look_seconds)
            except TimeoutError:
                continue

    def look(self) -> None:
        """Take what the folder names now, where it passes. Never raises."""
        if not self._settings.enabled:
            self.why_rules = "the settings switch the model off"
            if "current" not in self._looked:
                self._looked["current"] = ""
                self._observer.model_left("current", RULES)
            return
        self._look_at("current", "")
        self._look_at("challenger", self._settings.challenger)

    def _look_at(self, role: str, named: str) -> None:
        try:
            place = named or artefact.pointer(self._root, role)
            seen: Print | str = artefact.fingerprint(self._root, place) if place else ""
            if seen == self._looked.get(role):
                return
            self._looked[role] = seen
            if place:
                self._take(role, check(artefact.read_files(self._root, place), self._demands))
            else:
                self._drop(role)
        except ModelRefused as refused:
            self._refuse(role, refused)
        except Exception as error:  # noqa: BLE001 - whatever a folder holds, the events must flow
            self._refuse(role, ModelRefused(Refusal.RUNTIME, f"{type(error).__name__}: {error}"))

    def _take(self, role: str, model: CheckedModel) -> None:
        if role == "current":
            self.champion = Champion(model, self._demands, self._settings)
        else:
            self.challenger = AnswerSheet(model, self._demands.taxonomy)
        self._looked.pop(f"{role} refused", None)
        self._observer.model_loaded(role, model.identity, model.signer)

    def _drop(self, role: str) -> None:
        if role == "current":
            # before the champion goes: a batch that finds none must find why
            self.why_rules = f"there is no file `current` in the folder of models ({self._root.name})"
            self.champion = None
            self._observer.model_left(role, RULES)
        elif self.challenger is not None:
            self.challenger = None
            self._observer.model_left(role, NOBODY)

    def _refuse(self, role: str, refused: ModelRefused) -> None:
        """Keep what is there. The same refusal is told once: the next look finds the same files."""
        if str(refused) == self._looked.get(f"{role} refused"):
            return
        self._looked[f"{role} refused"] = str(refused)
        if role == "current":
            stays = self.champion.sheet.identity if self.champion else RULES
            if self.champion is None:
                self.why_rules = f"no model passed: {refused}"
        else:
            stays = self.challenger.identity if self.challenger else NOBODY
        self._observer.model_refused(role, refused, stays)
