"""What a finding means for people: who is hit, and what its author can do."""

from contracts.compat.comparison import Finding, Verdict
from contracts.governance.reading import Reader
from contracts.governance.relation import Relation
from contracts.governance.rules import advice
from contracts.governance.versions import major_of
from contracts.manifest import Waiver


def sentence(
    finding: Finding,
    verdict: Verdict,
    against: str,
    relation: Relation,
    readers: tuple[Reader, ...],
    waiver: Waiver | None,
) -> str:
    """Return what was found, whom it hits and what to do, as one or more sentences."""
    said = [finding.detail]
    if verdict is not Verdict.COMPATIBLE:
        said += [*_consequence(finding, verdict, against), *map(_who, readers)]
        said.append(
            f"{waiver.owner} answers for it until {waiver.expires}: {waiver.reason}"
            if waiver
            else _action(finding, verdict, against, relation)
        )
    return " ".join(map(_stopped, said))


def _consequence(finding: Finding, verdict: Verdict, against: str) -> list[str]:
    if verdict is Verdict.UNDECIDED:
        return ["What is not proven counts as breaking"]
    if finding.kind == "policy":
        same = finding.rule.endswith(".changed")
        return (
            [f"No event shows it: {against} and this look the same and mean something else"] if same else []
        )
    if finding.direction.endswith("backward"):
        return [f"So who still writes {against} would be refused, and kept events of it could not be read"]
    return [f"So who reads {against} would meet events that it does not allow"]


def _who(reader: Reader) -> str:
    return f"{reader.name} ({reader.contact}) reads {', '.join(reader.pointers) or 'all of it'}"


def _action(finding: Finding, verdict: Verdict, against: str, relation: Relation) -> str:
    major = f"{major_of(against) + 1}.0.0"
    instead = advice(finding, native=relation is Relation.BACKWARD)
    if instead:
        return f"{instead}, or make it {major}"
    if verdict is Verdict.UNDECIDED:
        return f"Write it more simply, make it {major}, or have somebody answer for it in `waivers`"
    return f"Take it back, or make it {major}"


def _stopped(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
