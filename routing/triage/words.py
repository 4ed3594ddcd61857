"""Words by which sources name a reason, in English; another language needs its own here."""

from routing.triage.conditions import states

# stock
LOSS = states("theft|stolen|damaged?|damages|broken|expired|spoil(ed|age)|waste|lost|shrink(age)?")
RECEIVING = states("receiv(ed|ing)|receipt|inbound|asn")
TRANSFER = states("transfer(s|red)?|rtv|return to vendor")
WRONG_ITEM = states("wrong (item|sku|label|barcode)|mis-?scan(ned|s)?|mis-?label(l?ed|s)?|mis-?pick(ed|s)?")
WRONG_UNIT = states("case pack|uom|unit of measure|pack size")
WRONG_PLACE = states("misplaced|wrong (bin|location|shelf)|(?<!not )found|relocated")
MISCOUNT = states("mis-?count(s|ed)?|count error|keyed wrong")

# prices on their way to a store
ITEM_UNKNOWN = states(
    "not (found|ranged|listed|loaded)|unknown (item|article|material|barcode)|does not exist"
)
MESSAGE_REFUSED = states("syntax|schema|translation|formal|segment|control record|acknowledge?ment negative")
IDOC_FAULTY = states("idoc (with errors|added incorrectly)")
LABEL_SIDE = states("esl|labels?|battery")
UNREACHABLE = states("offline|time(d)?[- ]?out|unreachable|no connection|not connected")
WRONG_DATE = states("effective|validity|valid (from|to|until)|too late|in the past|time zone")
OLD_VERSION = states("stale|version|out of order|older|superseded")
NOT_APPLIED = states("not posted|not created|application")

# orders and deliveries
PAYMENT = states("payment|fraud|authori[sz]ation")
REFUSED_GOODS = states("damaged?|refused|broken|rejected")
REST_FOLLOWS = states("split|remainder|balance to follow|second (truck|load)|part(ial)? load")
SOLD_OUT = states("out of stock|stock-?out|discontinued|back-?order(ed)?|unavailable")
