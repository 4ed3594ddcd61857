"""The one place that joins the parts: settings in, running processes out."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from adapters import canonical, erp, pos, wms
from adapters.catalogue import Catalogue
from adapters.pos.dropfile.adapter import DropFileAdapter
from adapters.pos.dropfile.layout import LayoutRefused
from adapters.pos.dropfile.layouts import EXAMPLES, Layouts, read_layouts
from contracts.documents import Source
from contracts.registry import Registry
from gateway.data_folder import DataFolder, read_secret
from gateway.http.sources import RegisteredSource
from gateway.issuer import ISSUER, make_issuer
from gateway.settings import AuthSettings, Settings, SettingsError, SourceSettings, lint, load
from routing.broker.streams import owner_consumer
from routing.detection import Detector, Detectors, InvoiceDetector, SequenceGapDetector
from routing.owners import OwnerSettings, OwnersRefused, load_owners
from routing.pipeline import Pipeline
from routing.rendering import Renderer, Rerenderer
from routing.routes import RoutesRefused, RouteTable
from routing.stages import StageObserver
from routing.subscriptions import Subscriptions
from routing.triage import Triage
from routing.triage.model.artefact import SHIPPED
from routing.triage.model.checks import Demands
from routing.triage.model.observer import ModelObserver
from routing.triage.model.signatures import KeyUnusable, read_public_keys
from routing.triage.model.triage import ModelTriage
from routing.triage.model.watch import ModelWatch
from routing.triage.rules import RuleTriage
from routing.triage.taxonomy import Taxonomy

PUBLISHED = Path(__file__).resolve().parent.parent / "contracts" / "published"


class Installation(Struct, frozen=True, kw_only=True):
    """Everything that is read from disk before the first event, checked; nothing of it is connected."""

    folder: DataFolder
    settings: Settings
    owners: dict[str, OwnerSettings]
    registry: Registry
    layouts: Layouts
    catalogue: Catalogue
    taxonomy: Taxonomy
    routes: RouteTable

    @property
    def base_url(self) -> str:
        """Where senders and owners find us."""
        http = self.settings.http
        return http.base_url or f"http://{http.host}:{http.port}"

    @property
    def owner_windows(self) -> list[tuple[str, int]]:
        """Each owner's name and its deliveries in flight, for `streams.apply`."""
        return [(name, owner.deliveries_in_flight) for name, owner in self.owners.items()]

    @property
    def consumer_names(self) -> dict[str, str]:
        """Each owner's consumer on XD_OUT."""
        return {name: owner_consumer(name) for name in self.owners}


def catalogue(layouts: Layouts | None = None) -> Catalogue:
    """Return all adapters; without layouts of its own the one for drop files knows the examples."""
    tills = pos.ADAPTERS if layouts is None else pos.adapters(layouts)
    return Catalogue((*tills, *wms.ADAPTERS, *erp.ADAPTERS, *canonical.ADAPTERS))


def install(folder: DataFolder, config: Path | None, environ: Mapping[str, str]) -> Installation:
    """Read and check settings, layouts, contracts, owners and routes.

    Raises: SettingsError, naming the file and the key; ContractsError.
    """
    settings = load(config, environ)
    problems = lint(settings)
    if problems:
        raise SettingsError("; ".join(problems))
    layouts = _layouts(settings)
    try:
        owners = load_owners(settings.owners_file)
        taxonomy = Taxonomy.load()
        routes = RouteTable.load(settings.routes_file, owners, taxonomy)
    except (OwnersRefused, RoutesRefused) as error:
        raise SettingsError(str(error)) from None
    registry = Registry.load(PUBLISHED)
    problems = list(Subscriptions(registry, owners).problems())
    if problems:
        raise SettingsError(f"{settings.owners_file}: {'; '.join(problems)}")
    return Installation(
        folder=folder,
        settings=settings,
        owners=owners,
        registry=registry,
        layouts=layouts,
        catalogue=catalogue(layouts),
        taxonomy=taxonomy,
        routes=routes,
    )


def sources(installation: Installation) -> dict[str, Source]:
    """Return what adapters may know of each source. Raises: SettingsError where a hash key can't be read."""
    return {
        name: _source(name, settings, installation.folder)
        for name, settings in installation.settings.sources.items()
    }


def registered_sources(installation: Installation) -> dict[str, RegisteredSource]:
    """Return the sources as the gateway knows them. Raises: SettingsError where a secret can't be read."""
    known = sources(installation)
    return {
        name: RegisteredSource(
            source=known[name],
            title=settings.title,
            contracts=settings.contracts,
            on_violation=settings.on_violation,
            layout=settings.layout,
            webhook_secrets=_webhook_secrets(name, settings, installation),
        )
        for name, settings in installation.settings.sources.items()
    }


def auth_settings(installation: Installation) -> AuthSettings:
    """Return whose tokens are taken: the settings' issuer, else the data folder's own."""
    auth = installation.settings.auth
    if auth.issuer:
        return auth
    make_issuer(installation.folder)
    return msgspec.structs.replace(auth, issuer=ISSUER, jwks_file=str(installation.folder.jwks))


def model_demands(installation: Installation) -> Demands:
    """Return what a model is held against. Raises: SettingsError where a trusted key can't be read."""
    settings = installation.settings.triage.model
    try:
        trusted = read_public_keys([*SHIPPED.glob("*.pem"), *map(Path, settings.trusted_key_files)])
    except (OSError, KeyUnusable) as error:
        raise SettingsError(f"crossdock.toml: {error} - at `$.triage.model.trusted_key_files`") from None
    return Demands(
        taxonomy=installation.taxonomy,
        trusted=trusted,
        needs_signature=settings.require_signature,
        batch_limit_seconds=settings.batch_limit_ms / 1e3,
    )


def model_watch(installation: Installation, observer: ModelObserver) -> ModelWatch:
    """Return what finds the model that decides; it has not looked yet. Raises: SettingsError."""
    return ModelWatch(model_demands(installation), installation.settings.triage.model, observer)


def triage(installation: Installation, watch: ModelWatch, observer: ModelObserver) -> Triage:
    """Return what decides: rules with the watched model, or rules alone where the settings have none."""
    settings = installation.settings.triage
    rules = RuleTriage(installation.taxonomy, settings)
    if not settings.model.enabled:
        return rules
    return ModelTriage(installation.taxonomy, rules, watch, settings.model.audit_share, observer)


def pipeline(installation: Installation, observer: StageObserver, decides: Triage | None = None) -> Pipeline:
    """Return the router's stages for one partition; without `decides` the rules do."""
    return Pipeline(
        adapter_of=installation.catalogue.for_contract,
        adapter_for=installation.catalogue.for_message,
        registry=installation.registry,
        sources=sources(installation),
        detector=_detector(installation),
        triage=decides or RuleTriage(installation.taxonomy, installation.settings.triage),
        routes=installation.routes,
        renderer=renderer(installation),
        observer=observer,
    )


def renderer(installation: Installation) -> Renderer:
    """Return what writes deliveries in the majors that owners read."""
    registry = installation.registry
    return Renderer(installation.base_url, registry, Subscriptions(registry, installation.owners))


def rerenderer(installation: Installation) -> Rerenderer:
    """Return what writes an owner's dead delivery anew for a replay."""
    registry = installation.registry
    return Rerenderer(registry, Subscriptions(registry, installation.owners))


def _layouts(settings: Settings) -> Layouts:
    """Return the layouts beside the settings, else the examples, and hold the sources against them."""
    try:
        layouts = read_layouts(settings.layouts_folder or EXAMPLES)
    except LayoutRefused as error:
        raise SettingsError("; ".join(f"layouts/{fault}" for fault in error.faults)) from None
    for name, source in settings.sources.items():
        if source.layout and source.system != DropFileAdapter.system:
            raise SettingsError(
                f"sources.toml: only a source of the system `{DropFileAdapter.system}` sends drop files"
                f" - at `$.sources.{name}.layout`"
            )
        if source.layout and source.layout not in layouts.names:
            known = ", ".join(layouts.names) or "none"
            raise SettingsError(
                f"sources.toml: there is no `layouts/{source.layout}.toml`; there are: {known}"
                f" - at `$.sources.{name}.layout`"
            )
    return layouts


def _detector(installation: Installation) -> Detector:
    settings = installation.settings
    silent = {name for name, source in settings.sources.items() if not source.reports_gaps}
    return Detectors(
        InvoiceDetector(installation.taxonomy), SequenceGapDetector(settings.series, frozenset(silent))
    )


def _webhook_secrets(name: str, settings: SourceSettings, installation: Installation) -> tuple[bytes, ...]:
    """Return the secrets of a source whose vendor signs or repeats one; none for the others."""
    adapters = [each for each in installation.catalogue.adapters if each.system == settings.system]
    if not any(adapter.signature for adapter in adapters):
        return ()
    if not settings.webhook_secret_files:
        return (installation.folder.webhook_secret(name),)
    try:
        return tuple(read_secret(Path(file)) for file in settings.webhook_secret_files)
    except (OSError, ValueError) as error:
        raise SettingsError(f"sources.toml: {error} - at `$.sources.{name}.webhook_secret_files`") from None


def _source(name: str, settings: SourceSettings, folder: DataFolder) -> Source:
    try:
        key = read_secret(Path(settings.hash_key_file)) if settings.hash_key_file else folder.hash_key(name)
    except (OSError, ValueError) as error:
        raise SettingsError(f"sources.toml: {error} - at `$.sources.{name}.hash_key_file`") from None
    return Source(
        name=name,
        system=settings.system,
        time_zone=settings.time_zone,
        currency=settings.currency,
        hash_key=key,
        hash_key_id=settings.hash_key_id,
    )


def remember_config(folder: DataFolder, config: Path | None) -> None:
    """Note which settings `up` used, so that other commands with the same `--data` use them too."""
    folder.make()
    noted = {"config": str(config.absolute()) if config else None}
    folder.settings_used.write_bytes(msgspec.json.encode(noted))


def remembered_config(folder: DataFolder) -> Path | None:
    """Return which settings `up` used on this folder, or None."""
    try:
        noted = msgspec.json.decode(folder.settings_used.read_bytes())["config"]
    except (OSError, msgspec.DecodeError, KeyError):
        return None
    return Path(noted) if noted else None
