"""The one table that says what traces each root cause leaves: documents of a vendor, or events of ours.

A row names the documents in a vendor's bytes with which production code finds the exception, and the senders
that report it as a canonical exception with its context, because no adapter or detection for it exists yet.
As these come, rows move from the second kind to the first.
"""

from msgspec import Struct


class Native(Struct, frozen=True):
    """A vendor's document, and the contract under which production code finds the exception."""

    name: str
    contract: str


class Trace(Struct, frozen=True):
    """How one root cause shows.

    `native` are vendors' documents, `canonical` is the source of canonical exceptions. `exceptions_per_fault`
    is how many exceptions one fault makes on average, as measured: faults are drawn by it.
    """

    native: tuple[Native, ...]
    canonical: str
    exceptions_per_fault: float = 1.0

    @property
    def kind(self) -> str:
        """Say in a word where the exceptions come from."""
        return "native and canonical" if self.native else "canonical"


COUNT = Native("stock count, drop file", "pos-dropfile-count")
WAREHOUSE_COUNT = Native("inventory change, ShipHero", "wms-shiphero-inventory-change")
GAP = Native("numbers of a till, POSLog", "pos-poslog-transaction")
DIFFERENCE = Native("inventory difference, MBGMCR IDoc", "erp-sap-mbgmcr04")
DELIVERY = Native("delivery not posted, DELVRY IDoc", "erp-sap-delvry07")
TILL_PRICE = Native("sale, POSLog", "pos-poslog-transaction")
ANSWERS = Native("price answers, drop file", "pos-dropfile-price")
MATERIAL = Native("material not posted, MATMAS IDoc", "erp-sap-matmas05")
BACKORDER = Native("backorder, ShipHero", "wms-shiphero-backorder")
MATCHED = Native("invoice against order, INVOIC and ORDERS IDocs", "erp-sap-invoic02")
ADDED_UP = Native("invoice, INVOIC IDoc", "erp-sap-invoic02")
BLOCKED = Native("payment block, S/4 event", "erp-sap-s4-event")
CONFIRMATION = Native("confirmation, ORDRSP IDoc", "erp-sap-orders05")
DESPATCH = Native("despatch advice, GS1 XML", "wms-gs1-despatch-advice")
RECEIVING = Native("receiving advice, GS1 XML", "wms-gs1-receiving-advice")
CLOSED_ORDER = Native("closed order, ShipHero", "wms-shiphero-purchase-order-update")
REFUND = Native("return, POSLog", "pos-poslog-transaction")

STORE_APP = "store-app"
PRICE_HUB = "price-hub"
ORDERS = "order-management"
PAYABLES = "payables"
RETURNS_WATCH = "returns-watch"
WORKFORCE = "workforce"
SUPPLIER_DESK = "supplier-desk"

# fmt: off
TRACES: dict[str, Trace] = {
    "INV.delayed_receipt": Trace((COUNT, DIFFERENCE, DELIVERY), STORE_APP, 1.7),
    "INV.receiving_variance": Trace((COUNT, DIFFERENCE), STORE_APP, 1.1),
    "INV.shrink": Trace((COUNT, WAREHOUSE_COUNT, DIFFERENCE), STORE_APP, 1.1),
    "INV.misplaced": Trace((COUNT, DIFFERENCE), STORE_APP, 1.5),
    "INV.unposted_sales": Trace((GAP, COUNT, DIFFERENCE), STORE_APP, 2.9),
    "INV.unposted_transfer": Trace((COUNT, DIFFERENCE), STORE_APP, 1.1),
    "INV.misscan_uom": Trace((COUNT, WAREHOUSE_COUNT, DIFFERENCE), STORE_APP, 1.8),
    "INV.count_error": Trace((COUNT, WAREHOUSE_COUNT, DIFFERENCE), STORE_APP, 1.5),
    "PRC.promo_file_fail": Trace((TILL_PRICE,), STORE_APP, 4.4),
    "PRC.api_sync_lag": Trace((TILL_PRICE,), STORE_APP, 3.7),
    "PRC.label_not_changed": Trace((TILL_PRICE,), STORE_APP, 2.5),
    "PRC.master_data_error": Trace((TILL_PRICE,), STORE_APP, 4.8),
    "PRC.zone_mapping": Trace((TILL_PRICE,), STORE_APP, 4.9),
    "PRC.promo_overlap": Trace((TILL_PRICE,), STORE_APP, 5.4),
    "FPU.store_offline": Trace((ANSWERS,), PRICE_HUB, 5.8),
    "FPU.schema_reject": Trace((ANSWERS, MATERIAL), PRICE_HUB, 10.5),
    "FPU.item_not_found": Trace((ANSWERS, MATERIAL), PRICE_HUB, 2.4),
    "FPU.esl_gateway": Trace((ANSWERS,), PRICE_HUB, 4.7),
    "FPU.effective_date": Trace((ANSWERS,), PRICE_HUB, 4.8),
    "FPU.stale_version": Trace((ANSWERS,), PRICE_HUB, 2.9),
    "CNC.stock_not_found": Trace((BACKORDER,), ORDERS, 1.0),
    "CNC.status_sync": Trace((), ORDERS, 1.6),
    "CNC.pick_backlog": Trace((), ORDERS, 3.5),
    "CNC.transfer_late": Trace((BACKORDER,), ORDERS, 1.5),
    "CNC.payment_hold": Trace((), ORDERS, 1.0),
    "CNC.notify_fail": Trace((), ORDERS, 2.5),
    "IVM.gr_not_posted": Trace((BLOCKED,), PAYABLES, 1.0),
    "IVM.qty_short": Trace((BLOCKED, MATCHED), PAYABLES, 1.0),
    "IVM.cost_variance": Trace((MATCHED, BLOCKED), PAYABLES, 1.4),
    "IVM.duplicate_invoice": Trace((ADDED_UP,), PAYABLES, 1.0),
    "IVM.uom_pack": Trace((MATCHED, BLOCKED), PAYABLES, 1.0),
    "IVM.tax_freight": Trace((ADDED_UP,), PAYABLES, 1.0),
    "IVM.deal_missing": Trace((MATCHED, BLOCKED), PAYABLES, 1.5),
    "SSS.supplier_stockout": Trace((CONFIRMATION, DESPATCH, CLOSED_ORDER), SUPPLIER_DESK, 1.5),
    "SSS.carrier_split": Trace((RECEIVING, CLOSED_ORDER), SUPPLIER_DESK, 1.2),
    "SSS.asn_error": Trace((DESPATCH, RECEIVING), SUPPLIER_DESK, 1.25),
    "SSS.dc_receiving_error": Trace((RECEIVING, CLOSED_ORDER), SUPPLIER_DESK, 1.2),
    "SSS.damage_refused": Trace((RECEIVING,), SUPPLIER_DESK, 1.25),
    "SSS.po_change_unacked": Trace((CLOSED_ORDER, CONFIRMATION), SUPPLIER_DESK, 1.2),
    "RFD.customer_abuse": Trace((REFUND,), RETURNS_WATCH, 2.0),
    "RFD.employee_fraud": Trace((REFUND,), RETURNS_WATCH, 3.6),
    "RFD.pos_double_post": Trace((REFUND,), RETURNS_WATCH, 1.0),
    "RFD.wrong_price_refund": Trace((REFUND,), RETURNS_WATCH, 1.0),
    "RFD.goodwill_legit": Trace((REFUND,), RETURNS_WATCH, 1.0),
    "RFD.omni_unlinked": Trace((REFUND,), RETURNS_WATCH, 1.0),
    "WFC.absence": Trace((), WORKFORCE, 1.0),
    "WFC.demand_spike": Trace((), WORKFORCE, 1.6),
    "WFC.double_booked": Trace((), WORKFORCE, 1.0),
    "WFC.compliance_breach": Trace((), WORKFORCE, 1.0),
    "WFC.skill_gap": Trace((), WORKFORCE, 1.0),
    "WFC.timeclock_sync": Trace((), WORKFORCE, 3.0),
}
# fmt: on
