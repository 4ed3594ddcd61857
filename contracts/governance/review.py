"""A version on its way: what it breaks, for whom, and the least number that it may have."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from msgspec import Struct

from contracts.compat.comparison import Comparison, Floor, Verdict
from contracts.folder import ContractFolder
from contracts.governance.judgement import Step, Terms, judge
from contracts.governance.relation import Relation, relation_of, worst
from contracts.governance.versions import greatest, major_of, raised
from contracts.manifest import State, Waiver, version_order
from contracts.profile import member_names

Compare = Callable[[Any, Any], Comparison]

LIVE = frozenset({State.CANDIDATE, State.PUBLISHED, State.DEPRECATED, State.SUNSET})


class Proposal(Struct, frozen=True, kw_only=True):
    """A schema that wants to be the next version of its contract.

    `version` is the one that it wants to be. `names_live` says that a version of this number lives already:
    then the schema is an edit of it, and the review says what it would have to be.
    """

    schema: dict[str, Any]
    version: str
    names_live: bool = False
    waivers: tuple[Waiver, ...] = ()


class Review(Struct, frozen=True, kw_only=True):
    """What was found out about a proposal.

    `steps` compares it with each live version of its major, newest first; where its major is new, with the
    newest version before it, whose promises it doesn't have to keep. `floor` is what has to be raised, and
    `least` the least version that it may be. `refusals` say why it can't be published as it stands and what
    to do; without one it can. `verdict` is that of the comparisons that bind it, `outcome` what becomes of
    it: breaking where it is refused, undecided where only a proof is missing. `notes` are worth knowing.
    """

    contract: str
    version: str
    relation: Relation
    verdict: Verdict
    outcome: Verdict
    floor: Floor
    least: str
    steps: tuple[Step, ...] = ()
    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def live_versions(contract: ContractFolder) -> list[str]:
    """Return the versions whose events may still come or be read, oldest first."""
    return [version for version in contract.schemas if contract.manifest.versions[version].state in LIVE]


def review(
    contract: ContractFolder,
    proposal: Proposal,
    *,
    today: date,
    compare: Compare,
    against: str | None = None,
) -> Review:
    """Hold a proposal against every live version of its major, for the two-view relation is not transitive.

    `against` narrows that to one version, of any state. Waivers that ended before `today` count as none.
    """
    terms = Terms(
        relation=relation_of(contract.manifest.kind),
        consumers=contract.manifest.consumers,
        waivers=proposal.waivers,
        today=today,
    )
    steps = tuple(
        judge(
            contract.schemas[base], proposal.schema, compare(contract.schemas[base], proposal.schema),
            against=base, state=contract.manifest.versions[base].state, terms=terms,
        )
        for base in ([against] if against else bases(contract, proposal))
    )  # fmt: skip
    binding = tuple(each for each in steps if major_of(each.against) == major_of(proposal.version))
    floor, least = _least(contract, proposal, binding)
    refusals = tuple(_refusals(contract, proposal, binding, least))
    verdict = worst([each.verdict for each in binding])
    return Review(
        contract=contract.manifest.name,
        version=proposal.version,
        relation=terms.relation,
        verdict=verdict,
        outcome=worst([*(weight for weight, _ in refusals), *([verdict] if proposal.names_live else [])]),
        floor=floor,
        least=least,
        steps=steps,
        refusals=tuple(sentence for _, sentence in refusals),
        notes=tuple(_notes(contract, proposal, steps, binding, least, today)),
    )


def bases(contract: ContractFolder, proposal: Proposal) -> list[str]:
    """Return the live versions that a proposal has to be held against, newest first."""
    place = version_order(proposal.version)
    live = list(reversed(live_versions(contract)))
    if not proposal.names_live:
        live.remove(proposal.version) if proposal.version in live else None
        if _settled(contract, proposal.version):  # what came later was held against this one
            live = [version for version in live if version_order(version) < place]
    peers = [version for version in live if major_of(version) == place[0]]
    return peers or [version for version in live if version_order(version) < place][:1]


def _settled(contract: ContractFolder, version: str) -> bool:
    entry = contract.manifest.versions.get(version)
    return entry is not None and entry.state not in {State.DRAFT, State.CANDIDATE}


def _least(contract: ContractFolder, proposal: Proposal, binding: tuple[Step, ...]) -> tuple[Floor, str]:
    """Return what has to be raised, and what comes out: over the newest, for each minor is one already."""
    if not binding:
        return Floor.MAJOR, f"{major_of(proposal.version)}.0.0"
    majors = [each.floor for each in binding if each.floor is Floor.MAJOR]
    floor = greatest([binding[0].floor, *majors])
    highest = max((*live_versions(contract), binding[0].against), key=version_order)
    return floor, raised(highest if floor is Floor.MAJOR else binding[0].against, floor)


def _refusals(
    contract: ContractFolder, proposal: Proposal, binding: tuple[Step, ...], least: str
) -> Iterator[tuple[Verdict, str]]:
    for name in sorted(member_names(proposal.schema) & set(contract.manifest.reserved)):
        yield (
            Verdict.BREAKING,
            f"{name!r} is a reserved name: events that carry its old meaning are still about;"
            " choose another name",
        )
    if proposal.names_live or not binding:
        return
    newest, place = binding[0].against, version_order(proposal.version)
    if place < version_order(newest):
        yield (
            Verdict.BREAKING,
            f"{proposal.version} is below {newest}, which is there already: make it {least}, or higher",
        )
    elif place < version_order(least):
        yield _too_low(proposal, binding, least)


def _too_low(proposal: Proposal, binding: tuple[Step, ...], least: str) -> tuple[Verdict, str]:
    blocked = [each for each in binding if each.verdict is not Verdict.COMPATIBLE]
    told, verdict = ", ".join(each.against for each in blocked), worst([each.verdict for each in blocked])
    if not blocked:
        return (
            Verdict.BREAKING,
            f"{proposal.version} raises too little above {binding[0].against}, whose language it changes:"
            f" make it {least}, or higher",
        )
    if verdict is Verdict.UNDECIDED:
        return verdict, (
            f"{proposal.version} is not proven to be compatible with {told}: write it more simply, make it"
            f" {least}, or have somebody answer for it in `waivers`"
        )
    return verdict, f"{proposal.version} breaks {told}: take back what breaks it, or make it {least}"


def _notes(
    contract: ContractFolder,
    proposal: Proposal,
    steps: tuple[Step, ...],
    binding: tuple[Step, ...],
    least: str,
    today: date,
) -> Iterator[str]:
    if proposal.names_live and proposal.schema != contract.schemas.get(proposal.version):
        yield f"{proposal.version} is published and stays as it is: make this {least}, or higher"
    if steps and not binding:
        yield (
            f"{proposal.version} begins a major: it owes {steps[0].against} nothing but a way across"
            " (`cast.toml`), or a note that there is none"
        )
    if not steps:
        yield "there is no version that it could break"
    used = {waiver for each in steps for judged in each.findings if (waiver := judged.waiver)}
    for waiver in proposal.waivers:
        what = f"the waiver of {waiver.owner} for {waiver.rule} at {waiver.pointer or 'the root'}"
        if waiver.expires < today:
            yield f"{what} against {waiver.against} ended on {waiver.expires} and counts as none"
        elif waiver not in used:
            yield f"{what} against {waiver.against} covers nothing that can be waived: take it out"
