"""`[triage.model]`: which model, and how far it may go."""

from typing import Annotated

from msgspec import Meta, Struct

from routing.triage.taxonomy_file import Autonomy


class ModelSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`models_folder` holds models as `<name>/<semver>/`, and a file `current` that names the one to use;
    empty is the folder of the shipped one. `challenger` names a second one there that only watches, else a
    file `challenger` does. `trusted_key_files` hold public keys (PEM, Ed25519); that of the shipped models
    is always among them. `autonomy` is the tenant switch. `audit_share` of all exceptions goes to a person
    who is not shown what the model says. `batch_limit_ms` is for 256 exceptions. `drift_window` is how many
    exceptions of a category are held against the reference at once, 0 for none.
    """

    enabled: bool = True
    models_folder: str = ""
    challenger: Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,63}/[0-9]+\.[0-9]+\.[0-9]+)?$")] = ""
    trusted_key_files: tuple[str, ...] = ()
    require_signature: bool = True
    autonomy: Autonomy = "L1"
    audit_share: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.02
    batch_limit_ms: Annotated[float, Meta(gt=0.0)] = 10.0
    drift_window: Annotated[int, Meta(ge=0, le=100_000)] = 500
    look_seconds: Annotated[float, Meta(ge=0.05, le=3600.0)] = 2.0
