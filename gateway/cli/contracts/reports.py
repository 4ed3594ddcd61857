"""What `contracts check` found, for people, for programs (JSON) and for CI (JUnit)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
from msgspec import UNSET, Struct

from contracts.compat.comparison import Verdict
from contracts.governance.changes import Change
from contracts.governance.judgement import Judged, Step
from contracts.governance.relation import worst
from contracts.governance.review import Review
from contracts.governance.versions import major_of
from gateway.cli.common import CHECK_FAILED

UNDECIDED = 4
WITNESS_CHARACTERS = 2000


class Checked(Struct, frozen=True, kw_only=True):
    """The review of one proposal, and what it changes in the newest version that it was held against."""

    review: Review
    changes: tuple[Change, ...] = ()


class Report(Struct, frozen=True, kw_only=True):
    """All that was looked at, in so many contracts; `problems` are wrong whatever any version is."""

    contracts: int = 1
    problems: tuple[str, ...] = ()
    reviews: tuple[Checked, ...] = ()

    @property
    def status(self) -> int:
        """The exit status: 1 where something is wrong, 4 where it is only not proven, else 0."""
        outcome = worst([each.review.outcome for each in self.reviews])
        if self.problems or outcome is Verdict.BREAKING:
            return CHECK_FAILED
        return UNDECIDED if outcome is Verdict.UNDECIDED else 0


def as_text(report: Report) -> Iterator[str]:
    """Yield the lines that people read: the verdict first, then why, then what to do."""
    for checked in report.reviews:
        yield from _review(checked)
    if not report.problems:
        yield f"{report.contracts} contract{'s are' if report.contracts != 1 else ' is'} sound"


def as_junit(report: Report, file: Path) -> None:
    """Write one test case for each comparison and one for the files themselves."""
    root = ElementTree.Element("testsuites", name="crossdock contracts check")
    for checked in report.reviews:
        review = checked.review
        suite = ElementTree.SubElement(root, "testsuite", name=f"{review.contract} {review.version}")
        for step in review.steps:
            case = _case(suite, review.contract, f"{review.version} against {step.against}")
            for judged in step.findings:
                if judged.verdict is not Verdict.COMPATIBLE and _binds(review, step):
                    _failure(case, judged.finding.rule, "\n".join(_finding(judged)))
        case = _case(suite, review.contract, f"{review.version} may be published")
        for refusal in review.refusals:
            _failure(case, "refused", refusal)
    suite = ElementTree.SubElement(root, "testsuite", name="files")
    case = _case(suite, "files", "manifests, schemas, examples and lock are sound")
    for problem in report.problems:
        _failure(case, "unsound", problem)
    for each in root:
        each.set("tests", str(len(each)))
        each.set("failures", str(sum(1 for case in each if len(case))))
    ElementTree.indent(root)
    file.write_bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def as_plain(report: Report) -> dict[str, Any]:
    """Return a report as plain JSON values."""
    plain: dict[str, Any] = msgspec.to_builtins(report)
    return plain


def _review(checked: Checked) -> Iterator[str]:
    review = checked.review
    for step in review.steps:
        verdict = step.verdict if _binds(review, step) else "another major"
        yield f"{review.contract} {review.version} against {step.against} ({step.state}): {verdict}"
        for judged in step.findings:
            if judged.verdict is not Verdict.COMPATIBLE or judged.waiver:
                yield from (f"  {line}" for line in _finding(judged))
    if checked.changes:
        yield f"changes since {review.steps[0].against}:"
        yield from (f"  {change.place or 'the document'} {change.words}" for change in checked.changes)
    yield from (f"note: {note}" for note in review.notes)
    yield from (f"refused: {refusal}" for refusal in review.refusals)
    if review.outcome is Verdict.COMPATIBLE and review.steps:
        yield f"in order: at least a {review.floor}, {review.least} or higher"


def _finding(judged: Judged) -> Iterator[str]:
    finding = judged.finding
    places = ", ".join(judged.places[:3]) or "the document"
    waived = ", waived" if judged.waiver else ""
    yield f"{judged.verdict}{waived}: {finding.rule} at {places}"
    yield f"  {judged.sentence}"
    if finding.witness is not UNSET and judged.verdict is not Verdict.COMPATIBLE:
        text = msgspec.json.encode(finding.witness).decode()
        yield f"  for example: {text if len(text) <= WITNESS_CHARACTERS else text[:WITNESS_CHARACTERS] + '…'}"


def _binds(review: Review, step: Step) -> bool:
    return major_of(step.against) == major_of(review.version)


def _case(suite: ElementTree.Element, contract: str, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname=f"contracts.{contract}", name=name)


def _failure(case: ElementTree.Element, kind: str, text: str) -> None:
    failure = ElementTree.SubElement(case, "failure", type=kind, message=text.partition("\n")[0])
    failure.text = text
