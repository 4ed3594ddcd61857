"""The rules: what speaks for a root cause, how surely, and the sentence that says why.

The first rule of a category that applies wins. Confidences are editable defaults that people set, not
frequencies that anybody measured. A rule below its category's threshold still tells the reviewer its guess.
"""

from msgspec import Struct

from routing.triage import words
from routing.triage.conditions import (
    Condition,
    about,
    both,
    either,
    lacks,
    less,
    more,
    nothing,
    of_kind,
    pack_apart,
    point_apart,
    refunded_above_regular,
    shows,
    slightly_more,
    usual_discount,
)


class Rule(Struct, frozen=True):
    """`reason` may name `{expected}`, `{actual}`, `{unit}`, `{times}`, `{said}` (the source's own reason)."""

    name: str
    root_cause: str
    confidence: float
    applies: Condition
    reason: str


_status, _quantity = of_kind("status"), of_kind("quantity")
_price, _amount = of_kind("unit-price"), of_kind("amount")

# SAP's messages (transaction SE91): M3 305 says that a material does not exist or is not active; F5 117,
# M8 108 and M8 462 ask to check whether an invoice was entered before
_material_unknown = both(shows("STAMID", "M3"), shows("STAMNO", "305"))
_entered_before = either(
    both(shows("STAMID", "F5"), shows("STAMNO", "117")),
    both(shows("STAMID", "M8"), shows("STAMNO", "108", "462")),
)

# fmt: off
_INVENTORY = (
    Rule("other-level", "INV.misplaced", 0.40, lacks("bin_on_hand"),
         "one place was counted and compared with the level of the whole warehouse"),
    Rule("receipt-not-posted", "INV.delayed_receipt", 0.70,
         both(_status, shows("MESTYP", "DESADV", "WHSCON")),
         "an inbound delivery was not posted: {said}"),
    Rule("issue-not-posted", "INV.unposted_transfer", 0.50, both(_status, shows("MESTYP", "SHPCON")),
         "a goods issue was not posted: {said}"),
    Rule("numbers-missing", "INV.unposted_sales", 0.85,
         both(_status, shows("number_before"), shows("number_after")),
         "{expected} never came, though those before and after did"),
    Rule("loss-stated", "INV.shrink", 0.85, both(less, words.LOSS),
         "less was found, and the source speaks of a loss: {said}"),
    Rule("miscount-stated", "INV.count_error", 0.75, words.MISCOUNT,
         "the source speaks of an earlier count that was wrong: {said}"),
    Rule("receiving-stated", "INV.receiving_variance", 0.75, words.RECEIVING,
         "the source speaks of receiving: {said}"),
    Rule("transfer-stated", "INV.unposted_transfer", 0.75, words.TRANSFER,
         "the source speaks of a transfer: {said}"),
    Rule("wrong-item-stated", "INV.misscan_uom", 0.75, either(words.WRONG_ITEM, words.WRONG_UNIT),
         "the source speaks of a wrong item or unit: {said}"),
    Rule("wrong-place-stated", "INV.misplaced", 0.75, words.WRONG_PLACE,
         "the source speaks of another place: {said}"),
    Rule("pack-apart", "INV.misscan_uom", 0.70, pack_apart,
         "{expected} and {actual} are exactly {times} times apart: packs on one side, units on the other"),
)
_PRICE = (
    Rule("point-apart", "PRC.master_data_error", 0.80, point_apart,
         "{actual} is {expected} with the decimal point shifted"),
    Rule("promotion-named", "PRC.promo_overlap", 0.75, both(less, about("promotion")),
         "the till asked {actual} instead of {expected}, and a promotion stands beside it"),
    Rule("usual-discount", "PRC.promo_overlap", 0.65, usual_discount,
         "{actual} is a usual discount below {expected}, to the cent, and no promotion is named"),
    Rule("asked-more", "PRC.api_sync_lag", 0.50, more,
         "the till asked {actual}, and its own regular price is {expected}"),
)
_PRICE_UPDATE = (
    Rule("item-unknown", "FPU.item_not_found", 0.80, either(words.ITEM_UNKNOWN, _material_unknown),
         "the receiver does not know the item: {said}"),
    Rule("message-refused", "FPU.schema_reject", 0.80, either(words.MESSAGE_REFUSED, words.IDOC_FAULTY),
         "the message itself was refused: {said}"),
    Rule("label-stated", "FPU.esl_gateway", 0.75, words.LABEL_SIDE,
         "the shelf labels' side failed: {said}"),
    Rule("offline-stated", "FPU.store_offline", 0.75, words.UNREACHABLE,
         "the store could not be reached: {said}"),
    Rule("date-stated", "FPU.effective_date", 0.70, words.WRONG_DATE,
         "the date or time of the price is in question: {said}"),
    Rule("version-stated", "FPU.stale_version", 0.70, words.OLD_VERSION,
         "a version came out of order: {said}"),
    Rule("not-applied", "FPU.item_not_found", 0.45, words.NOT_APPLIED,
         "the receiver could not apply the update: {said}"),
)
_COLLECTION = (
    Rule("payment-stated", "CNC.payment_hold", 0.80, words.PAYMENT,
         "the order waits for its payment: {said}"),
    Rule("stock-short", "CNC.stock_not_found", 0.65, both(_quantity, less),
         "the stock covers {actual} of the {expected} ordered"),
)
_INVOICE = (
    Rule("entered-before", "IVM.duplicate_invoice", 0.85, both(_status, _entered_before),
         "the ERP has an invoice like this one already: {said}"),
    Rule("price-pack-apart", "IVM.uom_pack", 0.80, both(_price, pack_apart),
         "{actual} billed and {expected} ordered are exactly {times} times apart: a pack against a unit"),
    Rule("promotion-not-billed", "IVM.deal_missing", 0.70, both(_price, more, about("promotion")),
         "billed at {actual} {unit}, ordered at {expected} under a promotion"),
    Rule("price-differs", "IVM.cost_variance", 0.85, both(_price, about("purchase-order")),
         "billed at {actual} {unit} a unit, ordered at {expected}"),
    Rule("quantity-pack-apart", "IVM.uom_pack", 0.75, both(_quantity, pack_apart),
         "{actual} billed and {expected} expected are exactly {times} times apart: packs against units"),
    Rule("billed-more", "IVM.qty_short", 0.65, both(_quantity, more),
         "{actual} {unit} billed, {expected} expected"),
    Rule("line-pack-apart", "IVM.uom_pack", 0.70, both(_amount, shows("VPREI"), pack_apart),
         "the line's amount and its quantity times its price are exactly {times} times apart"),
    Rule("line-differs", "IVM.cost_variance", 0.50, both(_amount, shows("VPREI")),
         "the line comes to {actual}, its quantity times its price to {expected}"),
    Rule("total-above-lines", "IVM.tax_freight", 0.65, both(_amount, slightly_more),
         "the total is {actual}, its lines come to {expected}: a charge that stands on no line"),
    Rule("total-below-lines", "IVM.deal_missing", 0.40, both(_amount, less),
         "the total is {actual}, its lines come to {expected}: something came off that stands on no line"),
)
_SHORT_SHIPMENT = (
    Rule("damage-stated", "SSS.damage_refused", 0.80, words.REFUSED_GOODS,
         "the source speaks of damage or refusal: {said}"),
    Rule("rest-follows-stated", "SSS.carrier_split", 0.75, words.REST_FOLLOWS,
         "the source says that the rest follows: {said}"),
    Rule("sold-out-stated", "SSS.supplier_stockout", 0.85, words.SOLD_OUT,
         "the source says that the supplier had no more: {said}"),
    Rule("change-not-posted", "SSS.po_change_unacked", 0.70, both(_status, shows("MESTYP", "ORDCHG")),
         "a change of the order was not posted: {said}"),
    Rule("confirmed-short", "SSS.supplier_stockout", 0.85, both(_quantity, less, shows("WMENG")),
         "the supplier confirmed {actual} of the {expected} {unit} ordered"),
    Rule("announced-short", "SSS.supplier_stockout", 0.70,
         both(_quantity, less, shows("ORMNG"), about("delivery")),
         "the delivery carries {actual} of its {expected} {unit}"),
    Rule("nothing-came", "SSS.supplier_stockout", 0.65, both(_quantity, nothing, shows("quantity_received")),
         "the order is closed, and nothing of the {expected} {unit} came"),
    Rule("pack-apart", "SSS.dc_receiving_error", 0.65, both(_quantity, less, pack_apart),
         "{actual} and {expected} are exactly {times} times apart: packs received as units"),
)
_REFUND = (
    Rule("online-order", "RFD.omni_unlinked", 0.75, about("sales-order"),
         "an online order is named, and no sale of a till"),
    Rule("above-regular", "RFD.wrong_price_refund", 0.70, refunded_above_regular,
         "more was given back for a unit than the till's own regular price"),
)
# fmt: on

RULES: tuple[Rule, ...] = (
    *_INVENTORY,
    *_PRICE,
    *_PRICE_UPDATE,
    *_COLLECTION,
    *_INVOICE,
    *_SHORT_SHIPMENT,
    *_REFUND,
)  # workforce conflicts have none: a person always decides
