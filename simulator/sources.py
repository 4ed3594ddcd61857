"""Who sends: one source for each system of the retailer, as Crossdock's settings know it."""

import hashlib

from msgspec import Struct

from contracts.documents import Source


class Sender(Struct, frozen=True, kw_only=True):
    """One registered sender."""

    name: str
    system: str
    title: str


TILLS = Sender(name="pos-demo", system="pos", title="Tills that write POSLog XML")
STORE_FILES = Sender(name="store-files", system="pos", title="Store controllers and handhelds: drop files")
WAREHOUSES = Sender(name="wms-demo", system="wms", title="Warehouses: GS1 XML and webhooks")
ERP = Sender(name="erp-demo", system="erp", title="The ERP: IDoc XML and its business events")
STORE_APP = Sender(name="store-app", system="canonical", title="The app of the people in a store")
PRICE_HUB = Sender(name="price-hub", system="canonical", title="What sends prices to stores")
ORDERS = Sender(name="order-management", system="canonical", title="Customers' orders")
PAYABLES = Sender(name="payables", system="canonical", title="Suppliers' invoices before they are paid")
RETURNS_WATCH = Sender(name="returns-watch", system="canonical", title="Reports on unusual refunds")
WORKFORCE = Sender(name="workforce", system="canonical", title="Rosters and time clocks")
SUPPLIER_DESK = Sender(name="supplier-desk", system="canonical", title="Orders with suppliers, followed up")

SENDERS = (
    TILLS, STORE_FILES, WAREHOUSES, ERP, STORE_APP, PRICE_HUB, ORDERS, PAYABLES, RETURNS_WATCH, WORKFORCE,
    SUPPLIER_DESK,
)  # fmt: skip

TIME_ZONE, CURRENCY = "UTC", "EUR"


def sources() -> dict[str, Source]:
    """Return what adapters may know of each source, by name; its hash key is its name's digest."""
    return {
        sender.name: Source(
            name=sender.name,
            system=sender.system,
            time_zone=TIME_ZONE,
            currency=CURRENCY,
            hash_key=hashlib.sha256(sender.name.encode()).digest(),
        )
        for sender in SENDERS
    }
