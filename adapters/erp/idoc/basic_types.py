"""The basic types that are read. A newer version of one adds to the older: all of them keep its contract."""

CONTRACT_PREFIX = "erp-sap-"

INVOICE, DELIVERY, ORDER, MATERIAL = "INVOIC02", "DELVRY07", "ORDERS05", "MATMAS05"
# goods movements: by BAPI_GOODSMVT_CREATE, and by message WMMBXY
GOODS_MOVEMENT, STOCK_MOVEMENT = "MBGMCR04", "WMMBID02"

NEWEST = (INVOICE, DELIVERY, ORDER, MATERIAL, GOODS_MOVEMENT, STOCK_MOVEMENT)

_BY_VERSION = {
    f"{newest[:-1]}{version}": newest for newest in NEWEST for version in range(1, int(newest[-1]) + 1)
}


def newest_version(basic_type: str) -> str | None:
    """Return the newest version of a basic type (`DELVRY03` is a `DELVRY07`), None for one not read."""
    return _BY_VERSION.get(basic_type)


def contract_of(newest: str) -> str:
    """Return the name of the contract of a basic type in its newest version."""
    return CONTRACT_PREFIX + newest.lower()


def basic_type_of(contract: str) -> str:
    """Return the basic type, in its newest version, that a contract is for."""
    return contract.removeprefix(CONTRACT_PREFIX).upper()
