"""What a finding means for people: who is hit, and what its author can do."""

from contracts.compat.comparison import Finding, Verdict
from contracts.governance.reading import Reader
from contracts.governance.rules import ADVICE
from contracts.governance.versions import major_of
from contracts.manifest import Waiver


def sentence(
    finding: Finding,
    verdict: Verdict,
    against: str,
    version: str,
    readers: tuple[Reader, ...],
    waiver: Waiver | None,
) -> str:
    """Return what was found, whom it hits and what to do, as one or more sentences."""
    said = [_stopped(finding.detail)]
    if verdict is Verdict.COMPATIBLE:
        return said[0]
    said.append(_stopped(_consequence(finding, verdict, against, version)))
    said += [_stopped(_who(reader)) for reader in readers]
    if waiver:
        said.append(f"{waiver.owner} answers for it until {waiver.expires}: {_stopped(waiver.reason)}")
    else:
        said.append(_stopped(_action(finding, verdict, against)))
    return " ".join(said)


def _consequence(finding: Finding, verdict: Verdict, against: str, version: str) -> str:
    if verdict is Verdict.UNDECIDED:
        return "Neither proven nor refuted, so it counts as breaking"
    if finding.kind == "policy":
        return f"No event shows it: what {against} meant and what this means look the same and are not"
    if finding.direction.endswith("backward"):
        return f"Who still writes {against} would be refused, and kept events of it could not be read"
    if finding.direction.endswith("forward"):
        return f"Who reads {against} would meet events that it does not allow"
    return f"Neither {against} nor this takes what the other does"


def _who(reader: Reader) -> str:
    what = ", ".join(reader.pointers) or "all of it"
    return f"{reader.name} ({reader.contact}) reads {what}"


def _action(finding: Finding, verdict: Verdict, against: str) -> str:
    advice = ADVICE.get(finding.rule)
    major = f"{major_of(against) + 1}.0.0"
    if verdict is Verdict.UNDECIDED:
        return advice or f"Write it more simply, make it {major}, or have somebody answer for it in `waivers`"
    return f"{advice}, or make it {major}" if advice else f"Take it back, or make it {major}"


def _stopped(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
