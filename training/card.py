"""The model card: what a model is for, what it was made from, and its figures; written by command."""

from collections.abc import Iterator, Mapping, Sequence

from training.calibration import Threshold
from training.report import COLUMNS, Report, category_table, table

HEADLINE = "Trained on simulated data only; ships in shadow and recommend; not validated on retail data."
OWN_HEADLINE = (
    "Trained on a retailer's own closed cases; valid there alone, and as long as things stay as they were."
)
INTENDED_USE = (
    "A proposal of root cause, level and team for a retailer's operational exceptions, with how sure it is."
    " It recommends; a person decides until the retailer's own audited cases prove more."
)
LIMITS = (
    "Any accuracy, share or saving here is on our own simulator; none is known at a real retailer.",
    "Root-cause mixes, delays and data quality are assumptions; another retailer's differ, and figures fall.",
    "A cause that is not among the 51 is still given one of them, often with confidence.",
    "Reason codes are local (a slope times a value): they say what moved this answer, not what the cause is.",
    "Suspicions of fraud and decisions about people at work always go to a person.",
)
LICENCE = "Apache-2.0"


def card(
    name: str,
    thresholds: Mapping[str, Threshold],
    promise: float,
    made_from: Sequence[str],
    report: Report | None,
    *,
    is_simulated: bool,
) -> bytes:
    """Return `card.md`; `made_from` are sentences. Without a report it says that there is none."""
    lines = [f"# {name}", "", f"**{HEADLINE if is_simulated else OWN_HEADLINE}**", "", INTENDED_USE, ""]
    lines += ["## Limits", "", *(f"- {limit}" for limit in LIMITS), ""]
    lines += ["## Made from", "", *(f"- {sentence}" for sentence in made_from), ""]
    lines += ["## Thresholds", "", *_thresholds(thresholds, promise), ""]
    lines += ["## Figures", ""]
    lines += (
        _figures(report) if report else ["Not examined yet: `crossdock triage evaluate` writes them here."]
    )
    return ("\n".join(lines).rstrip() + "\n").encode()


def _thresholds(thresholds: Mapping[str, Threshold], promise: float) -> Iterator[str]:
    yield (
        f"Above its threshold the level is right in at least {promise:.0%} of the cases: the lower one-sided"
        " 95 % bound (Wilson) of the audited rows. Where too few prove it, nothing is routed alone."
    )
    yield ""
    yield from _markdown(
        ("category", "threshold", "audited", "bound", "coverage"),
        [
            {
                "category": category,
                "threshold": "none" if own.threshold is None else f"{own.threshold:.3f}",
                "audited": str(own.audited),
                "bound": "-" if own.bound is None else f"{own.bound:.3f}",
                "coverage": "-" if own.coverage is None else f"{own.coverage:.3f}",
            }
            for category, own in thresholds.items()
        ],
    )


def _figures(report: Report) -> Iterator[str]:
    yield from (f"- **{remark}**" for remark in report.remarks)
    if report.remarks:
        yield ""
    yield (
        "Rows are of other stores and later days than those of training and calibration. Coverage is what"
        " reaches its threshold, delivered precision how much of that finds the right level, routed alone"
        " what is left after the review rules, cost a case's mean (docs/triage.md)."
    )
    yield ""
    yield from _markdown(COLUMNS, table(report))
    yield ""
    costs = ", ".join(f"{world} {cost:.2f}" for world, cost in report.everything_reviewed.items())
    yield f"Cost where a person looks at every case: {costs}."
    yield ""
    yield "What reaches the model's thresholds, share / precision of the level:"
    yield ""
    yield from _markdown(("category", *report.worlds), category_table(report))
    yield ""
    yield from _incidents(report)


def _incidents(report: Report) -> Iterator[str]:
    uci = report.uci
    if uci.skipped:
        yield f"The UCI incident log was not read: {uci.skipped}."
        return
    yield (
        f"The method (not this model) on a real log: {uci.incidents} incidents of an IT company (UCI), the"
        f" last {uci.examined} examined, from their first events alone:"
    )
    yield ""
    yield from _markdown(
        ("question", "accuracy", "most frequent answer", "ece"),
        [
            {
                "question": question.replace("_", " "),
                "accuracy": f"{own.accuracy:.3f}",
                "most frequent answer": f"{own.baseline:.3f}",
                "ece": f"{own.ece:.3f}",
            }
            for question, own in uci.questions.items()
        ],
    )


def _markdown(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> Iterator[str]:
    yield f"| {' | '.join(column.replace('_', ' ') for column in columns)} |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield f"| {' | '.join(row[column] for column in columns)} |"
