"""`manifest.json`: what a model says of itself, and what its files must be, byte for byte."""

import hashlib
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from routing.triage.taxonomy_file import Autonomy

FORMAT: Final = "crossdock.triage-model/1"
MANIFEST, GRAPH, GOLDEN, CARD, SIGNATURE = (
    "manifest.json",
    "model.onnx",
    "golden.npz",
    "card.md",
    "manifest.sig",
)
MANIFEST_LIMIT_BYTES = 1 << 20

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Name = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,63}$")]
Version = Annotated[str, Meta(pattern=r"^[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}$")]


class CategoryThreshold(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How sure the level must be in one category before nobody need look.

    `threshold` is None where too few audited cases (`audited`) could prove the promise. `bound` is the lower
    one-sided Wilson bound of the precision at the threshold, `coverage` the share of cases above it.
    """

    threshold: Share | None
    audited: int
    bound: float | None = None
    coverage: float | None = None


class Training(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the model was made from. `fingerprint` is the SHA-256 of the training rows."""

    source: str
    fingerprint: Sha256
    rows: int
    audited_rows: int
    seed: int
    settings: dict[str, Any] = {}


class FeatureReference(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one feature was spread in the audited reference rows of a category.

    `edges` are inner limits of bins (rising, a value on an edge lies above it); `shares` has one entry for
    each bin, that is one more than edges, and a last one for missing values; they sum to 1.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]


class CategoryReference(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was usual in a category: the spread of its features, and of the model's own answers."""

    rows: int
    features: dict[str, FeatureReference]
    confidence_mean: float
    confidence_sd: float
    set_size_mean: float
    set_size_sd: float


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file; docs/triage.md has a table of it.

    `features_sha256` and `leaves_sha256` are `list_sha256` of the names in the graph's order.
    `taxonomy_sha256` is of the file that the model was trained under. `qhat` is the conformal quantile: a
    leaf is in the set when its probability is at least `1 - qhat`. `autonomy` is the most that this model
    may do.
    """

    format: Literal["crossdock.triage-model/1"]
    name: Name
    version: Version
    contract: str
    taxonomy_version: str
    taxonomy_sha256: Sha256
    features_sha256: Sha256
    leaves_sha256: Sha256
    onnx_sha256: Sha256
    golden_sha256: Sha256
    card_sha256: Sha256
    opset: int
    ir: int
    training: Training
    temperature: float
    conformal_alpha: Share
    qhat: Share
    promised_precision: Share
    thresholds: dict[str, CategoryThreshold]
    autonomy: Autonomy
    intended_use: str
    limits: tuple[str, ...]
    licence: str
    reference: dict[str, CategoryReference] = {}
    metrics: dict[str, Any] = {}

    @property
    def identity(self) -> str:
        """What a record calls the model: `name@version`."""
        return f"{self.name}@{self.version}"


_decoder = msgspec.json.Decoder(Manifest)


def read_manifest(content: bytes) -> Manifest:
    """Read `manifest.json`. Raises: msgspec.DecodeError, UnicodeDecodeError, RecursionError."""
    return _decoder.decode(content)


def write_manifest(manifest: Manifest) -> bytes:
    """Return the file's bytes: indented, with members in the struct's order, so that equal means equal."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def list_sha256(names: Iterable[str]) -> str:
    """Return the SHA-256 of names, one a line, without a last line break."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def file_sha256(content: bytes) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(content).hexdigest()
