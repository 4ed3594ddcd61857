"""`crossdock check`: what the sources' settings say of contracts, held against what is there."""

from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner

from contracts.pins import pin_findings
from contracts.registry import Registry
from gateway.cli import crossdock

NOW = datetime(2027, 1, 12, tzinfo=UTC).timestamp()


def found(registry: Registry, pin: str, at: float = NOW) -> list[tuple[str, bool]]:
    findings = pin_findings({"paper-1": {"paper-note": pin}}, registry, at)
    return [(each.sentence, each.is_fault) for each in findings]


def test_a_pin_to_what_is_not_there_or_over_is_a_fault(paper_registry: Registry) -> None:
    assert found(paper_registry, "1.1.0") == found(paper_registry, "1") == found(paper_registry, "") == []
    [(sentence, is_fault)] = found(paper_registry, "1.9.0")
    assert "paper-note has no version '1.9.0'; it has 1.0.0, 1.1.0" in sentence
    assert is_fault
    assert found(paper_registry, "0.9.0") == [("paper-note@0.9.0 is retired; use paper-note@1.1.0", True)]
    unknown = pin_findings({"paper-1": {"paper-card": ""}}, paper_registry, NOW)
    assert [(each.place, each.is_fault) for each in unknown] == [("paper-1.contracts.paper-card", True)]


def test_a_pin_to_what_ends_is_told_with_the_days_that_are_left(paper_registry: Registry) -> None:
    [(sentence, is_fault)] = found(paper_registry, "1.0.0")
    assert sentence == "paper-note@1.0.0 takes no events from 2027-02-01 on, in 20 days; use 1.1.0"
    assert not is_fault
    [(_, is_over)] = found(paper_registry, "1.0.0", at=NOW + 20 * 86_400)
    assert is_over
    assert found(paper_registry, "1.2.0") == [("paper-note@1.2.0 is a draft", False)]


def settings(folder: Path, pin: str) -> list[str]:
    (folder / "sources.toml").write_text(
        f'[sources.till]\nsystem = "pos"\ncontracts = {{ pos-poslog-transaction = "{pin}" }}\n'
    )
    (folder / "crossdock.toml").write_text('[clients.till]\nscopes = ["events:write"]\nsources = ["till"]\n')
    return ["check", "--config", str(folder), "--data", str(folder / "data")]


def test_check_fails_for_a_pin_that_leads_nowhere(tmp_path: Path) -> None:
    for pin in ("1.1.0", "1", ""):
        sound = CliRunner().invoke(crossdock, settings(tmp_path, pin))
        assert sound.exit_code == 0, sound.output
    wrong = CliRunner().invoke(crossdock, settings(tmp_path, "1.99.0"))
    assert wrong.exit_code == 1
    assert "$.sources.till.contracts.pos-poslog-transaction" in wrong.output
    assert "has no version '1.99.0'" in wrong.output
