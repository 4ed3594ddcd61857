"""The one table that says what traces each root cause leaves: documents of a vendor, or events of ours.

A row names the documents in a vendor's bytes with which production code finds the exception, and the senders
that report it as a canonical exception with its context, because no adapter or detection for it exists yet.
As these come, rows move from the second kind to the first.
"""

from msgspec import Struct


class Trace(Struct, frozen=True, kw_only=True):
    """How one root cause shows.

    `native` names vendors' documents, `canonical` the sources of canonical exceptions. `exceptions_per_fault`
    is how many exceptions one fault makes on average, as measured: faults are drawn by it.
    """

    native: tuple[str, ...] = ()
    canonical: tuple[str, ...] = ()
    exceptions_per_fault: float = 1.0

    @property
    def kind(self) -> str:
        """Say in a word where the exceptions come from."""
        if self.native and self.canonical:
            return "both"
        return "native" if self.native else "canonical"


COUNT = "stock count, drop file"
WAREHOUSE_COUNT = "inventory change, ShipHero"
GAP = "numbers of a till, POSLog"
DIFFERENCE = "inventory difference, MBGMCR IDoc"
DELIVERY = "delivery not posted, DELVRY IDoc"
TILL_PRICE = "sale, POSLog"
ANSWERS = "price answers, drop file"
MATERIAL = "material not posted, MATMAS IDoc"
BACKORDER = "backorder, ShipHero"
MATCHED = "invoice against order, INVOIC and ORDERS IDocs"
ADDED_UP = "invoice, INVOIC IDoc"
BLOCKED = "payment block, S/4 event"
CONFIRMATION = "confirmation, ORDRSP IDoc"
DESPATCH = "despatch advice, GS1 XML"
RECEIVING = "receiving advice, GS1 XML"
CLOSED_ORDER = "closed order, ShipHero"
REFUND = "return, POSLog"

TRACES: dict[str, Trace] = {
    "INV.delayed_receipt": Trace(
        native=(COUNT, DELIVERY), canonical=("store-app",), exceptions_per_fault=1.3
    ),
    "INV.receiving_variance": Trace(native=(COUNT, WAREHOUSE_COUNT), canonical=("store-app",)),
    "INV.shrink": Trace(native=(COUNT, WAREHOUSE_COUNT, DIFFERENCE), canonical=("store-app",)),
    "INV.misplaced": Trace(native=(COUNT,), canonical=("store-app",), exceptions_per_fault=1.3),
    "INV.unposted_sales": Trace(native=(GAP, COUNT), canonical=("store-app",), exceptions_per_fault=2.0),
    "INV.unposted_transfer": Trace(native=(COUNT,), canonical=("store-app",)),
    "INV.misscan_uom": Trace(
        native=(COUNT, WAREHOUSE_COUNT), canonical=("store-app",), exceptions_per_fault=1.6
    ),
    "INV.count_error": Trace(native=(COUNT, WAREHOUSE_COUNT), canonical=("store-app",)),
    "PRC.promo_file_fail": Trace(native=(TILL_PRICE,), canonical=("store-app",), exceptions_per_fault=5.0),
    "PRC.api_sync_lag": Trace(native=(TILL_PRICE,), canonical=("store-app",), exceptions_per_fault=4.0),
    "PRC.label_not_changed": Trace(native=(TILL_PRICE,), canonical=("store-app",), exceptions_per_fault=1.2),
    "PRC.master_data_error": Trace(native=(TILL_PRICE,), canonical=("store-app",), exceptions_per_fault=6.0),
    "PRC.zone_mapping": Trace(canonical=("store-app",), exceptions_per_fault=4.0),
    "PRC.promo_overlap": Trace(native=(TILL_PRICE,), canonical=("store-app",), exceptions_per_fault=3.0),
    "FPU.store_offline": Trace(native=(ANSWERS,), canonical=("price-hub",), exceptions_per_fault=6.0),
    "FPU.schema_reject": Trace(native=(ANSWERS, MATERIAL), canonical=("price-hub",), exceptions_per_fault=9.0),
    "FPU.item_not_found": Trace(native=(ANSWERS, MATERIAL), canonical=("price-hub",), exceptions_per_fault=2.0),
    "FPU.esl_gateway": Trace(native=(ANSWERS,), canonical=("price-hub",), exceptions_per_fault=5.0),
    "FPU.effective_date": Trace(native=(ANSWERS,), canonical=("price-hub",), exceptions_per_fault=5.0),
    "FPU.stale_version": Trace(native=(ANSWERS,), canonical=("price-hub",), exceptions_per_fault=3.0),
    "CNC.stock_not_found": Trace(native=(BACKORDER,), canonical=("order-management",)),
    "CNC.status_sync": Trace(canonical=("order-management",), exceptions_per_fault=1.6),
    "CNC.pick_backlog": Trace(canonical=("order-management",), exceptions_per_fault=3.5),
    "CNC.transfer_late": Trace(native=(BACKORDER,), canonical=("order-management",), exceptions_per_fault=1.5),
    "CNC.payment_hold": Trace(canonical=("order-management",)),
    "CNC.notify_fail": Trace(canonical=("order-management",), exceptions_per_fault=2.5),
    "IVM.gr_not_posted": Trace(native=(BLOCKED,), canonical=("payables",)),
    "IVM.qty_short": Trace(native=(BLOCKED, MATCHED), canonical=("payables",)),
    "IVM.cost_variance": Trace(native=(MATCHED, BLOCKED), canonical=("payables",), exceptions_per_fault=2.0),
    "IVM.duplicate_invoice": Trace(native=(ADDED_UP, BLOCKED), canonical=("payables",)),
    "IVM.uom_pack": Trace(native=(MATCHED, BLOCKED), canonical=("payables",)),
    "IVM.tax_freight": Trace(native=(ADDED_UP,), canonical=("payables",)),
    "IVM.deal_missing": Trace(native=(MATCHED,), canonical=("payables",), exceptions_per_fault=1.5),
    "SSS.supplier_stockout": Trace(
        native=(CONFIRMATION, DESPATCH, CLOSED_ORDER), canonical=("supplier-desk",), exceptions_per_fault=1.5
    ),
    "SSS.carrier_split": Trace(native=(RECEIVING, CLOSED_ORDER), canonical=("supplier-desk",)),
    "SSS.asn_error": Trace(native=(DESPATCH, RECEIVING), canonical=("supplier-desk",)),
    "SSS.dc_receiving_error": Trace(native=(RECEIVING, CLOSED_ORDER), canonical=("supplier-desk",)),
    "SSS.damage_refused": Trace(native=(RECEIVING,), canonical=("supplier-desk",)),
    "SSS.po_change_unacked": Trace(native=(DESPATCH, CONFIRMATION), canonical=("supplier-desk",)),
    "RFD.customer_abuse": Trace(native=(REFUND,), canonical=("returns-watch",), exceptions_per_fault=2.0),
    "RFD.employee_fraud": Trace(native=(REFUND,), canonical=("returns-watch",), exceptions_per_fault=4.0),
    "RFD.pos_double_post": Trace(native=(REFUND,), canonical=("returns-watch",), exceptions_per_fault=1.3),
    "RFD.wrong_price_refund": Trace(native=(REFUND,), canonical=("returns-watch",)),
    "RFD.goodwill_legit": Trace(native=(REFUND,), canonical=("returns-watch",)),
    "RFD.omni_unlinked": Trace(native=(REFUND,), canonical=("returns-watch",)),
    "WFC.absence": Trace(canonical=("workforce",)),
    "WFC.demand_spike": Trace(canonical=("workforce",), exceptions_per_fault=1.6),
    "WFC.double_booked": Trace(canonical=("workforce",)),
    "WFC.compliance_breach": Trace(canonical=("workforce",)),
    "WFC.skill_gap": Trace(canonical=("workforce",)),
    "WFC.timeclock_sync": Trace(canonical=("workforce",), exceptions_per_fault=3.0),
}
