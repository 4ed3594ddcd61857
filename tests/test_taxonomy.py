"""The taxonomy: what it holds, and what is refused before the first event."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.canonical import Category
from routing.triage.policy import Kind
from routing.triage.taxonomy import DEFAULT_PATH, Taxonomy, TaxonomyRefused

TAXONOMY = Taxonomy.load()
REMOVED = object()


def test_its_51_leaves_stand_in_the_order_of_the_models_labels() -> None:
    leaves = list(TAXONOMY.leaves)
    assert len(leaves) == 51
    assert (leaves[0], leaves[-1]) == ("INV.delayed_receipt", "WFC.timeclock_sync")
    codes = [leaf.partition(".")[0] for leaf in leaves]
    assert tuple(dict.fromkeys(codes)) == TAXONOMY.file.label_order


def test_its_identity_changes_with_every_byte_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "taxonomy.yaml"
    path.write_bytes(DEFAULT_PATH.read_bytes() + b"\n")
    other = Taxonomy.load(path)
    assert other.version == TAXONOMY.version
    assert other.identity != TAXONOMY.identity
    assert TAXONOMY.identity == f"{TAXONOMY.version}+{TAXONOMY.digest}"


def test_every_expression_is_compiled() -> None:
    file = TAXONOMY.file
    assert [step.when.text for step in TAXONOMY.severity] == [row.when for row in file.severity]
    assert [rule.when.text for rule in TAXONOMY.review_rules] == [row.when for row in file.review_rules]
    assert len(TAXONOMY.categories) == len(file.categories) == 8
    for entry in TAXONOMY.categories.values():
        row = file.categories[entry.code]
        assert (entry.trigger.text, entry.trigger.kind) == (row.trigger, Kind.BOOLEAN)
        assert (entry.exposure.text, entry.exposure.kind) == (file.exposure[entry.code], Kind.NUMBER)
        assert (entry.compliance_when.text if entry.compliance_when else "") == row.compliance_when


def test_the_exposure_of_a_stock_difference_adds_broken_reservations_lost_sales_and_book_loss() -> None:
    facts = {
        **TAXONOMY.file.params,
        "velocity_day": 14.0,
        "H": 4.0,
        "physical": 2.0,
        "open_resv": 6.0,
        "delta_units": -8.0,
        "unit_margin": 9.0,
        "unit_cost": 17.0,
        "p_shrink": 0.34,
        "p_receiving_variance": 0.1,
        "p_misscan_uom": 0.0,
    }
    broken_reservations = 4 * (9 + 8 + 6)
    lost_sales = (14 * 4 / 24 - 2) * 9 * 0.6
    book_loss = 8 * 17 * (0.34 + 0.1 * 0.3)
    value = TAXONOMY.categories[Category.INVENTORY_VARIANCE].exposure.evaluate(facts).value
    assert value == pytest.approx(broken_reservations + lost_sales + book_loss)


def changed(tree: Any, place: str, value: Any) -> Any:
    """Return the tree with `value` at a path such as `severity.0.when`."""
    *path, last = [int(part) if part.isdigit() else part for part in place.replace("\\.", "\0").split(".")]
    node = tree
    for part in path:
        node = node[part.replace("\0", ".") if isinstance(part, str) else part]
    if value is REMOVED:
        del node[last]
    else:
        node[last] = value
    return tree


SHRINK = "categories.INV.root_causes.shrink"
HOLD = "writebacks.price\\.hold"


@pytest.mark.parametrize(
    ("place", "value", "complaint"),
    [
        (f"{SHRINK}.prior", 0.3, "categories.INV: the priors sum to 1.1, expected 1"),
        (f"{SHRINK}.prior", 0.0, f"{SHRINK}.prior: 0 is outside 0..1"),
        (f"{SHRINK}.level", "x", f"{SHRINK}.level: unknown 'x'"),
        (f"{SHRINK}.owner", "x", f"{SHRINK}.owner: unknown 'x'"),
        (f"{SHRINK}.ev", ["x"], f"{SHRINK}.ev: unknown 'x'"),
        (f"{SHRINK}.confirm", "x", f"{SHRINK}.tasks: unknown 'x'"),
        (f"{SHRINK}.tasks", ["x"], f"{SHRINK}.tasks: unknown 'x'"),
        (f"{SHRINK}.wb", ["x"], f"{SHRINK}.wb: unknown 'x'"),
        (f"{SHRINK}.conf_with", ["x"], f"{SHRINK}.conf_with: unknown 'x'"),
        (f"{SHRINK}.cap", "L9", "$.categories[...].root_causes[...].cap"),
        (f"{SHRINK}.colour", "red", "unknown field `colour`"),
        ("categories.INV.human_if_missing", ["x"], "categories.INV.human_if_missing: unknown 'x'"),
        ("categories.INV.name", "stock", "categories: expected one each for"),
        ("categories.WFC", REMOVED, "label_order: expected each of"),
        ("categories.PRC.trigger", "shelf > 1", "categories.PRC.trigger: at 1: unknown name 'shelf'"),
        ("categories.PRC.trigger", "unit_cost", "categories.PRC.trigger: gives a number"),
        ("categories.PRC.compliance_when", "peak >", "categories.PRC.compliance_when: "),
        ("exposure.SSS", "short_units *", "exposure.SSS: at 14: "),
        ("exposure.SSS", "peak", "exposure.SSS: gives a boolean, expected a number"),
        ("severity.0.when", "weather", "severity.P1: at 1: unknown name 'weather'"),
        ("severity.3", REMOVED, "severity: expected a last row with when: 'true'"),
        ("review_rules.3.when", "root", "review_rules.R4: gives a text"),
        ("teams.transport.0", "x", "teams.transport.level: unknown 'x'"),
        ("teams.transport.1", "x", "teams.transport.calendar: unknown 'x'"),
        ("teams.transport.2", "x", "teams.transport.escalates_to: unknown 'x'"),
        ("tasks.dc_recount.0", "x", "tasks.dc_recount.team: unknown 'x'"),
        (f"{HOLD}.undo", "x", "writebacks.price.hold.undo: unknown 'x'"),
        (f"{HOLD}.approval", "x", "writebacks.price.hold.approval: unknown 'x'"),
        ("approvals.refund.3", REMOVED, "approvals.refund: expected rising limits that end in .inf"),
        ("approvals.refund.1.by", "x", "approvals.refund.by: unknown 'x'"),
        ("sla.INV", REMOVED, "sla: expected exactly the categories"),
        ("sla.INV.clock", "x", "sla.INV.clock: unknown 'x'"),
        ("correlation.0.for", ["x"], "correlation.K1.for: unknown 'x'"),
        ("params.exposure", 1.0, "facts: 'exposure' is declared twice"),
        ("facts.colour", ["red"], "Invalid enum value 'colour'"),
        ("version", 1, "Expected `str`, got `int` - at `$.version`"),
    ],
)
def test_what_does_not_resolve_is_refused_with_file_and_place(
    place: str, value: Any, complaint: str, tmp_path: Path
) -> None:
    path = tmp_path / "taxonomy.yaml"
    tree = msgspec.yaml.decode(DEFAULT_PATH.read_bytes())
    path.write_bytes(msgspec.yaml.encode(changed(tree, place, value)))
    with pytest.raises(TaxonomyRefused) as refusal:
        Taxonomy.load(path)
    assert str(refusal.value).startswith(f"{path}: ")
    assert complaint in str(refusal.value)


def test_text_that_is_no_yaml_is_refused_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "taxonomy.yaml"
    path.write_text("version: [")
    with pytest.raises(TaxonomyRefused, match=r"taxonomy\.yaml: "):
        Taxonomy.load(path)
