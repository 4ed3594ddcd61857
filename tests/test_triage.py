"""Triage by rules: which root cause, how severe, and when a person must decide."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.canonical import Category, Evidence, Measure, Money, Reference, RetailException
from routing.items import FoundException, TriageDecision
from routing.triage import Triage, TriageSettings, is_fault
from routing.triage.reading import Reading
from routing.triage.rule_table import RULES, Rule
from routing.triage.rules import DECIDED_BY, RuleTriage
from routing.triage.severity import assess
from routing.triage.taxonomy import Taxonomy

TAXONOMY = Taxonomy.load()
TRIAGE = RuleTriage(TAXONOMY)

INV, PRC = Category.INVENTORY_VARIANCE, Category.PRICE_DISCREPANCY
FPU, CNC = Category.FAILED_PRICE_UPDATE, Category.CLICK_AND_COLLECT_DELAY
IVM, SSS = Category.INVOICE_MISMATCH, Category.SUPPLIER_SHORT_SHIPMENT
RFD, WFC = Category.REFUND_ANOMALY, Category.WORKFORCE_CONFLICT


def found(
    category: Category,
    expected: str = "10",
    actual: str = "4",
    *,
    kind: str = "quantity",
    unit: str | None = "EA",
    evidence: dict[str, str] | None = None,
    references: tuple[str, ...] = (),
    money: str | None = None,
    currency: str = "USD",
    missing: tuple[str, ...] = (),
) -> FoundException:
    unit = None if kind in {"status", "time"} else unit
    exception = RetailException(
        category=category,
        key="1",
        expected=Measure(kind=kind, value=expected, unit=unit),  # type: ignore[arg-type]
        actual=Measure(kind=kind, value=actual, unit=unit),  # type: ignore[arg-type]
        occurred_at="2026-11-23T08:00:00+00:00",
        detected_at="2026-11-23T08:00:01+00:00",
        references=tuple(Reference(kind=one, id=f"{one}-1") for one in references),  # type: ignore[arg-type]
        money_at_risk=Money(amount=money, currency=currency) if money else None,
        evidence=tuple(
            Evidence(pointer=f"/document/{name}", value=text) for name, text in (evidence or {}).items()
        ),
        missing=missing,
    )
    return FoundException(
        exception_id="e" * 26,
        event_id="v" * 26,
        source="s",
        system="wms",
        contract="c@1.0.0",
        exception=exception,
    )


def status(category: Category, text: str, **evidence: str) -> FoundException:
    return found(category, "posted", text, kind="status", evidence=evidence)


def price(category: Category, expected: str, actual: str, *references: str) -> FoundException:
    return found(category, expected, actual, kind="unit-price", unit="USD", references=references)


def amount(expected: str, actual: str, **evidence: str) -> FoundException:
    return found(IVM, expected, actual, kind="amount", unit="USD", evidence=evidence)


def decide(exception: FoundException, settings: TriageSettings | None = None) -> TriageDecision:
    (decision,) = RuleTriage(TAXONOMY, settings).decide([exception])
    assert not is_fault(decision), decision.review_reasons
    return decision


def counted(reason: str) -> FoundException:
    return found(INV, "11", "4", evidence={"reason": reason})


STATUS_51 = "51 application document not posted"

# what each rule must be the first to take, in the table's order
EXAMPLES: dict[tuple[str, str], FoundException] = {
    ("INV.misplaced", "other-level"): found(INV, missing=("bin_on_hand",), evidence={"reason": "damaged"}),
    ("INV.delayed_receipt", "receipt-not-posted"): status(INV, STATUS_51, MESTYP="WHSCON"),
    ("INV.unposted_transfer", "issue-not-posted"): status(INV, STATUS_51, MESTYP="SHPCON"),
    ("INV.unposted_sales", "numbers-missing"): status(
        INV, "missing", number_before="114", number_after="118"
    ),
    ("INV.shrink", "loss-stated"): counted("Cycle count - items damaged"),
    ("INV.count_error", "miscount-stated"): counted("Last count was a miscount"),
    ("INV.receiving_variance", "receiving-stated"): counted("count after Receiving"),
    ("INV.unposted_transfer", "transfer-stated"): counted("count, transfer 88 was open"),
    ("INV.misscan_uom", "wrong-item-stated"): counted("count: wrong SKU on shelf"),
    ("INV.misplaced", "wrong-place-stated"): counted("recount, found in B-04"),
    ("INV.misscan_uom", "pack-apart"): found(INV, "240", "20", evidence={"reason": "cycle count"}),
    ("PRC.master_data_error", "point-apart"): price(PRC, "12.90", "1.29"),
    ("PRC.promo_overlap", "promotion-named"): price(PRC, "5.00", "4.87", "promotion"),
    ("PRC.promo_overlap", "usual-discount"): price(PRC, "3.99", "2.99", "transaction"),
    ("PRC.api_sync_lag", "asked-more"): price(PRC, "2.99", "3.49"),
    ("FPU.item_not_found", "item-unknown"): status(FPU, STATUS_51, STAMID="M3", STAMNO="305"),
    ("FPU.schema_reject", "message-refused"): status(FPU, "60 error during syntax check (inbound)"),
    ("FPU.esl_gateway", "label-stated"): status(FPU, "failed", reason="17 labels did not answer"),
    ("FPU.store_offline", "offline-stated"): status(FPU, "failed", reason="store 12 offline"),
    ("FPU.effective_date", "date-stated"): status(FPU, "failed", reason="valid from lies in the past"),
    ("FPU.stale_version", "version-stated"): status(FPU, "failed", reason="older version 3, has 4"),
    ("FPU.item_not_found", "not-applied"): status(FPU, STATUS_51),
    ("CNC.payment_hold", "payment-stated"): status(CNC, "payment hold"),
    ("CNC.stock_not_found", "stock-short"): found(CNC, "2", "0", references=("sales-order",)),
    ("IVM.duplicate_invoice", "entered-before"): status(IVM, STATUS_51, STAMID="M8", STAMNO="108"),
    ("IVM.uom_pack", "price-pack-apart"): price(IVM, "1.50", "18.00", "purchase-order"),
    ("IVM.deal_missing", "promotion-not-billed"): price(IVM, "4.00", "5.00", "purchase-order", "promotion"),
    ("IVM.cost_variance", "price-differs"): price(IVM, "4.00", "5.00", "purchase-order"),
    ("IVM.uom_pack", "quantity-pack-apart"): found(IVM, "5", "60", references=("receipt",)),
    ("IVM.qty_short", "billed-more"): found(IVM, "100", "120", references=("receipt",)),
    ("IVM.uom_pack", "line-pack-apart"): amount("100.00", "1200.00", VPREI="10.00"),
    ("IVM.cost_variance", "line-differs"): amount("100.00", "150.00", VPREI="10.00"),
    ("IVM.tax_freight", "total-above-lines"): amount("1000.00", "1080.00", SUMME="1080.00"),
    ("IVM.deal_missing", "total-below-lines"): amount("1000.00", "900.00", SUMME="900.00"),
    ("SSS.damage_refused", "damage-stated"): found(SSS, evidence={"reason": "2 cartons damaged"}),
    ("SSS.carrier_split", "rest-follows-stated"): found(SSS, evidence={"note": "balance to follow"}),
    ("SSS.supplier_stockout", "sold-out-stated"): found(SSS, evidence={"reason": "Out of stock"}),
    ("SSS.po_change_unacked", "change-not-posted"): status(SSS, STATUS_51, MESTYP="ORDCHG"),
    ("SSS.supplier_stockout", "confirmed-short"): found(SSS, "100", "80", evidence={"WMENG": "80"}),
    ("SSS.supplier_stockout", "announced-short"): found(
        SSS, "100", "80", evidence={"ORMNG": "100"}, references=("delivery",)
    ),
    ("SSS.supplier_stockout", "nothing-came"): found(SSS, "100", "0", evidence={"quantity_received": "0"}),
    ("SSS.dc_receiving_error", "pack-apart"): found(SSS, "240", "20", evidence={"quantity_received": "20"}),
    ("RFD.omni_unlinked", "online-order"): found(
        RFD, "original", "none", kind="status", references=("sales-order",)
    ),
    ("RFD.wrong_price_refund", "above-regular"): found(
        RFD, "original", "none", kind="status",
        evidence={"ActualSalesUnitPrice": "-80.00", "RegularSalesUnitPrice": "60.00"},
    ),
}  # fmt: skip


def test_every_rule_has_an_example() -> None:
    assert set(EXAMPLES) == {(rule.root_cause, rule.name) for rule in RULES}
    assert len(EXAMPLES) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.root_cause}-{rule.name}")
def test_each_rule_is_the_first_to_take_its_example(rule: Rule) -> None:
    decision = decide(EXAMPLES[(rule.root_cause, rule.name)])
    leaf = TAXONOMY.leaves[rule.root_cause]
    assert (decision.root_cause, decision.confidence) == (rule.root_cause, rule.confidence)
    assert (decision.level, decision.team) == (leaf.level, leaf.team)
    assert decision.reasons[0].startswith(rule.reason.partition("{")[0])
    assert "{" not in decision.reasons[0]


@pytest.mark.parametrize("category", [INV, PRC, FPU, CNC, IVM, SSS, RFD], ids=str)
def test_each_category_has_exceptions_that_are_decided_and_some_that_are_not(category: Category) -> None:
    decisions = [decide(one) for one in EXAMPLES.values() if one.exception.category is category]
    assert not all(decision.review for decision in decisions)
    assert decide(found(category, "unsaid", "unsaid", kind="status")).review


@pytest.mark.parametrize("category", list(Category), ids=str)
def test_without_a_rule_the_likeliest_cause_goes_to_review_with_its_prior(category: Category) -> None:
    entry = TAXONOMY.categories[category]
    decision = decide(found(category, "unsaid", "unsaid", kind="status"))
    assert decision.root_cause == entry.likeliest.id
    assert decision.confidence == max(leaf.prior for leaf in entry.leaves)
    assert decision.review
    assert decision.review_reasons[0].startswith("R2: ")
    assert decision.reasons[0].startswith("no rule applies")


@pytest.mark.parametrize(
    ("exception", "rule"),
    [
        (found(INV, "7", "5"), "R2"),
        (found(SSS, "100", "60", evidence={"quantity_received": "60"}, references=("purchase-order",)), "R3"),
        (found(IVM, "100", "120", references=("purchase-order",)), "R3"),
        (found(INV, "unread", "unread"), "R3"),
        (found(WFC, "8", "0"), "R5"),
        (
            found(IVM, "4.00", "5.00", kind="unit-price", references=("purchase-order",), money="5000.00"),
            "R6",
        ),
    ],
)
def test_review_rules_of_the_taxonomy_send_to_a_person(exception: FoundException, rule: str) -> None:
    decision = decide(exception)
    assert decision.review
    assert rule in {reason.partition(":")[0] for reason in decision.review_reasons}


@pytest.mark.parametrize("root_cause", ["RFD.customer_abuse", "RFD.employee_fraud"])
def test_a_suspicion_of_fraud_always_goes_to_a_person(root_cause: str) -> None:
    sure = Rule("certain", root_cause, 1.0, lambda reading: True, "no doubt at all")
    (decision,) = RuleTriage(TAXONOMY, rules=[sure]).decide([found(RFD)])
    assert decision.confidence == 1.0
    assert [reason.partition(":")[0] for reason in decision.review_reasons] == ["R4"]


def test_the_missing_sources_are_named_in_the_reason() -> None:
    (reason,) = [one for one in decide(found(IVM, "100", "120")).review_reasons if one.startswith("R3")]
    assert reason.endswith("(gr_exists, q_inv_gr)")


def test_money_just_below_the_limit_needs_no_review() -> None:
    below = found(IVM, "4.00", "5.00", kind="unit-price", references=("purchase-order",), money="4999.99")
    assert not decide(below).review


def test_a_category_can_have_a_threshold_of_its_own() -> None:
    exception = EXAMPLES[("PRC.promo_overlap", "usual-discount")]
    assert not decide(exception).review
    assert decide(exception, TriageSettings(thresholds={PRC.value: 0.66})).review
    assert decide(exception, TriageSettings(default_threshold=0.9)).review
    assert not decide(exception, TriageSettings(default_threshold=0.9, thresholds={PRC.value: 0.5})).review


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"default_threshold": 1.01}, "default_threshold: 1.01 is outside 0..1"),
        ({"default_threshold": math.nan}, "default_threshold: nan is outside 0..1"),
        ({"thresholds": {"refund-anomaly": -0.1}}, "refund-anomaly: -0.1 is outside 0..1"),
        ({"thresholds": {"refunds": 0.5}}, "thresholds: unknown category 'refunds'"),
        ({"threshold": 0.5}, "unknown field `threshold`"),
    ],
)
def test_impossible_settings_are_refused_as_they_are_read(settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refusal:
        msgspec.convert({"triage": settings}, dict[str, TriageSettings])
    assert complaint in str(refusal.value)
    assert "at `$[...]`" in str(refusal.value)


def test_a_rule_for_an_unknown_root_cause_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match=r"rule 'x': unknown root cause 'INV\.ghost'"):
        RuleTriage(TAXONOMY, rules=[Rule("x", "INV.ghost", 0.9, lambda reading: True, "")])


def test_a_failure_of_triage_becomes_a_review_that_says_so_and_harms_no_other() -> None:
    def explode(reading: Reading) -> bool:
        raise KeyError("a rule with a fault")

    triage: Triage = RuleTriage(TAXONOMY, rules=[Rule("broken", "INV.shrink", 0.9, explode, ""), *RULES])
    broken, whole = triage.decide(
        [found(INV, money="12000.00"), EXAMPLES[("IVM.cost_variance", "price-differs")]]
    )
    assert is_fault(broken)
    assert broken.review
    assert broken.confidence == 0.0
    # the type alone: an error's text may quote what a document said
    assert broken.review_reasons == ("fault: KeyError",)
    assert broken.missing == ("severity",)
    assert not is_fault(whole)
    assert whole.root_cause == "IVM.cost_variance"


def test_decisions_come_in_the_order_of_the_exceptions_and_say_who_made_them() -> None:
    exceptions = list(EXAMPLES.values())
    decisions = TRIAGE.decide(exceptions)
    assert [decision.category for decision in decisions] == [one.exception.category for one in exceptions]
    assert {decision.decided_by for decision in decisions} == {DECIDED_BY}
    assert {decision.taxonomy for decision in decisions} == {TAXONOMY.identity}
    assert decisions == RuleTriage(Taxonomy.load()).decide(exceptions)


def test_alternatives_share_what_confidence_leaves_likeliest_first() -> None:
    decision = decide(EXAMPLES[("SSS.supplier_stockout", "confirmed-short")])
    assert list(decision.alternatives) == ["SSS.carrier_split", "SSS.asn_error", "SSS.dc_receiving_error"]
    assert list(decision.alternatives.values()) == sorted(decision.alternatives.values(), reverse=True)
    assert decision.confidence + sum(decision.alternatives.values()) < 1.0


def test_the_sources_own_words_can_not_break_the_reason() -> None:
    decision = decide(counted("damaged {0} {expected.__class__} %s"))
    assert decision.reasons[0].endswith("damaged {0} {expected.__class__} %s")


_texts = st.one_of(
    st.text(max_size=12), st.sampled_from(["0", "-1", "1e999", "NaN", "Infinity", "9" * 40, "1e-30"])
)


@given(
    category=st.sampled_from(list(Category)),
    kind=st.sampled_from(["quantity", "amount", "unit-price", "time", "status"]),
    expected=_texts,
    actual=_texts,
    evidence=st.dictionaries(st.sampled_from(["reason", "STAMID", "WMENG", "RegularSalesUnitPrice"]), _texts),
    references=st.sets(st.sampled_from(["receipt", "promotion", "sales-order"])),
)
def test_whatever_an_exception_says_gets_a_decision_without_a_fault(
    category: Category, kind: str, expected: str, actual: str, evidence: dict[str, str], references: set[str]
) -> None:
    decision = decide(
        found(category, expected, actual, kind=kind, evidence=evidence, references=tuple(sorted(references)))
    )
    assert decision.root_cause in TAXONOMY.leaves
    assert decision.severity.lower() == decision.priority
    assert decision.review is bool(decision.review_reasons)


@pytest.mark.parametrize(
    ("exception", "severity"),
    [
        (found(INV, money="10000.00"), "P1"),
        (found(INV, money="9999.99"), "P2"),
        (found(INV, money="1500.00"), "P2"),
        (found(INV, money="1499.99"), "P3"),
        (found(INV, money="150.00"), "P3"),
        (found(INV, money="149.99"), "P4"),
        (found(INV, money="-2000.00"), "P2"),
        (found(INV), "P4"),
        (found(INV, money="1.00", references=("sales-order",)), "P3"),
        (found(INV, money="1.00", references=("promotion",)), "P3"),
        (found(INV, money="20000.00", currency="EUR"), "P4"),
        (found(SSS, money="1.00", references=("sales-order",)), "P4"),  # the supplier's own order
    ],
)
def test_severity_follows_the_table(exception: FoundException, severity: str) -> None:
    decision = decide(exception)
    assert (decision.severity, decision.priority) == (severity, severity.lower())
    assert decision.exposure == exception.exception.money_at_risk


def test_what_could_have_made_it_more_severe_is_named() -> None:
    assert decide(found(INV, money="100.00")).missing == (
        "customer_orders", "stores_affected", "hours_to_cutoff", "promo_active",
    )  # fmt: skip
    assert decide(found(INV, money="12000.00")).missing == ()
    assert "exposure" in decide(found(INV)).missing


def test_money_in_another_currency_is_unknown_and_the_decision_says_so() -> None:
    decision = decide(found(INV, money="20000.00", currency="EUR"))
    assert "exposure" in decision.missing
    assert "the severity's thresholds are in USD, the money at risk in EUR" in decision.reasons
    assert decision.exposure == Money(amount="20000.00", currency="EUR")


def test_an_installation_can_read_the_amounts_in_its_own_currency() -> None:
    decision = decide(found(INV, money="20000.00", currency="EUR"), TriageSettings(currency="EUR"))
    assert decision.severity == "P1"
    assert decide(found(INV, money="20000.00"), TriageSettings(currency="EUR")).severity == "P4"


@pytest.mark.parametrize(
    ("exception", "compliance"),
    [
        (price(PRC, "3.99", "2.99"), False),  # too little asked breaks no law
        (price(PRC, "2.99", "3.99"), None),  # how often it happens is not known
        (found(WFC), None),
        (found(INV), False),
    ],
)
def test_compliance_is_known_only_where_the_taxonomys_condition_is(
    exception: FoundException, compliance: bool | None
) -> None:
    found_facts = assess(TAXONOMY, exception.exception.category, Reading(exception)).facts
    assert found_facts.get("compliance") is compliance
