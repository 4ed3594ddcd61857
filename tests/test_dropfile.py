"""Drop files: what a layout may say, how a file is cut, and what becomes of rows that are wrong."""

import re
import time
from pathlib import Path

import msgspec
import pytest

from adapters.conformance import RECEIVED_AT, demo_source
from adapters.pos.dropfile import cells, rows
from adapters.pos.dropfile.adapter import DropFileAdapter
from adapters.pos.dropfile.fields import FIELDS
from adapters.pos.dropfile.layout import Column, Layout, LayoutRefused, parse_layout
from adapters.pos.dropfile.layout_lint import problems
from adapters.pos.dropfile.layouts import EXAMPLES, Layouts, read_layout, read_layouts
from contracts.documents import Document, Message
from contracts.errors import ContractUnknown, ContractViolated, EventError, RequestTooLarge, RequestUnreadable
from contracts.registry import Registry

SALES = """
title = "Sales"
rows = "sale"
key = ["store", "sequence"]
shape = "delimited"
columns = [
    { column = 1, field = "store" },
    { column = 2, field = "sequence" },
    { column = 3, field = "item" },
    { column = 4, field = "quantity" },
    { column = 5, field = "amount" },
]
"""
COUNTS = """
title = "Counts"
rows = "count"
key = ["store", "item"]
shape = "fixed-width"
columns = [
    { start = 1, length = 3, field = "store" },
    { start = 4, length = 5, field = "item" },
    { start = 9, length = 6, field = "counted", decimals = 2 },
]
"""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.load()


def layout(text: str, more: str = "", *, instead: tuple[str, str] = ("", "")) -> Layout:
    """A layout that was linted; `more` are keys that come before its columns."""
    found = parse_layout("test", more + text.replace(*instead))
    assert problems(found) == []
    return found


def arrivals(layout: Layout, body: bytes | str):
    adapter = DropFileAdapter(Layouts([layout]))
    raw = body if isinstance(body, bytes) else body.encode(layout.encoding)
    return list(adapter.split(Message(body=raw, media_type="text/csv; layout=test")))


def trees(layout: Layout, body: bytes | str) -> list[dict]:
    adapter = DropFileAdapter(Layouts([layout]))
    return [adapter.decode(arrival).tree for arrival in arrivals(layout, body)]


def verdicts(layout: Layout, body: bytes | str, registry: Registry) -> list[str]:
    """For each item its key, or the code of its fault with the first place that is wrong."""
    adapter = DropFileAdapter(Layouts([layout]))
    found = []
    for arrival in arrivals(layout, body):
        try:
            found.append(registry.validate(adapter.decode(arrival)).tree["key"])
        except ContractViolated as error:
            found.append(f"{error.code} {error.violations[0].pointer}")
        except EventError as error:
            found.append(error.code)
    return found


def normalised(tree: dict, contract: str = "pos-dropfile-sale"):
    document = Document(
        contract=contract, tree={"layout": "test", "key": "1/2", "store": "1", **tree}, business_key=""
    )
    return DropFileAdapter(Layouts([])).normalise(document, demo_source("pos"), RECEIVED_AT)


# -- cutting --


def test_rows_that_follow_each_other_with_one_key_are_one_document():
    found = trees(layout(SALES), "1;7;A;1;2.00\n1;7;B;1;3.00\n1;8;A;1;2.00\n2;8;A;1;2.00\n")
    assert [(tree["key"], len(tree["lines"])) for tree in found] == [("1/7", 2), ("1/8", 1), ("2/8", 1)]


def test_an_item_is_the_head_of_the_file_and_its_own_rows_unchanged():
    declared = layout(SALES, "header_row = true\nskip_lines = 1\n", instead=("column = 1", 'column = "Shop"'))
    body = b"\xef\xbb\xbfour export\r\nshop;No;Item;Qty;Sum\r\n1;7;A;1;2\r\n\r\n1;8;B;1;3\r\n"
    assert [arrival.body for arrival in arrivals(declared, body)] == [
        b"\xef\xbb\xbfour export\r\nshop;No;Item;Qty;Sum\r\n1;7;A;1;2\r\n",
        b"\xef\xbb\xbfour export\r\nshop;No;Item;Qty;Sum\r\n1;8;B;1;3\r\n",
    ]
    assert [tree["store"] for tree in trees(declared, body)] == ["1", "1"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_one_and_the_last_may_be_missing(end):
    found = trees(layout(SALES), end.join(["1;7;A;1;2", "1;8;A;1;2"]))
    assert [tree["key"] for tree in found] == ["1/7", "1/8"]


def test_blank_lines_comments_and_the_end_of_a_dos_file_are_no_rows():
    declared = layout(SALES, 'comment = "#"\n')
    assert len(trees(declared, "# till 7\n\n1;7;A;1;2\n# half time\n1;7;B;1;2\n\x1a\n\x00\n")) == 1


def test_header_rows_hold_for_the_line_rows_after_them():
    declared = layout(
        'title = "x"\nrows = "sale"\nkey = ["store", "sequence"]\nshape = "delimited"\n'
        'records = { header = "H", line = "L", ignored = ["P"] }\n'
        'header_columns = [ { column = 2, field = "store" }, { column = 3, field = "sequence" } ]\n'
        'columns = [ { column = 2, field = "item" }, { column = 3, field = "amount" } ]\n'
    )
    body = "H;9;1\nL;A;1.00\nP;cash\nL;B;2.00\nH;9;2\nL;C;3.00\n"
    assert [arrival.body for arrival in arrivals(declared, body)] == [
        b"H;9;1\nL;A;1.00\nP;cash\nL;B;2.00\n", b"H;9;2\nL;C;3.00\n",
    ]  # fmt: skip
    assert [[line["item"] for line in tree["lines"]] for tree in trees(declared, body)] == [["A", "B"], ["C"]]


def test_a_header_row_far_above_goes_with_every_document_below_it():
    example = read_layout(EXAMPLES / "shelf-count.toml")
    body = (EXAMPLES.parent / "samples/shelf-count.dat").read_bytes()
    items = list(DropFileAdapter(Layouts([example])).split(Message(body=body)))
    assert len(items) == 4
    assert all(item.body.startswith(b"CNT1000042") for item in items)
    assert all(item.body.count(b"CNT5") == 1 for item in items)


def test_a_large_file_is_cut_in_time_that_grows_with_its_size_alone():
    declared = layout(SALES)
    adapter = DropFileAdapter(Layouts([declared]))

    def seconds(rows: int) -> float:
        body = b"".join(b"1;%d;A;1;2.00\n" % number for number in range(rows))
        started = time.process_time()
        assert sum(1 for _ in adapter.split(Message(body=body, media_type="; layout=test"))) == rows
        return time.process_time() - started

    seconds(1000)
    assert seconds(40_000) < 10 * max(seconds(10_000), 0.01)


def test_nothing_is_cut_before_it_is_asked_for():
    adapter = DropFileAdapter(Layouts([layout(SALES)]))
    body = b"1;7;A;1;2\n" + b"\xff;;;\n" * 1_000_000
    started = time.process_time()
    assert next(adapter.split(Message(body=body, media_type="; layout=test"))).item == 1
    assert time.process_time() - started < 0.5


# -- wrong rows --


def test_a_row_that_cannot_be_read_costs_only_itself(registry):
    body = b"1;7;A;1;2.00\n1;\n1;8;A;1;2.00\n\xff\xff;9;A;1;2\n1;10;A;1;2.00\n"
    assert verdicts(layout(SALES), body, registry) == [
        "1/7", "request.unreadable", "1/8", "request.unreadable", "1/10",
    ]  # fmt: skip


def test_a_value_that_cannot_be_read_is_named_by_its_place(registry):
    body = "1;7;A;1;2.00\n1;7;B;one;3.00\n1;8;A;1;2,00\n"
    assert verdicts(layout(SALES), body, registry) == [
        "contract.violated /lines/1/quantity", "contract.violated /lines/0/amount",
    ]  # fmt: skip


def test_a_bad_row_in_the_middle_of_a_document_refuses_that_document(registry):
    body = b'1;7;A;1;2.00\n1;"7;B;1;2.00\n1;7;C;1;2.00\n1;8;A;1;2.00\n'
    assert verdicts(layout(SALES), body, registry) == ["request.unreadable", "1/8"]


def test_an_open_quote_swallows_no_other_row(registry):
    body = '1;7;"A;1;2.00\n1;8;"a ""b""; c";1;2.00\n'
    assert verdicts(layout(SALES), body, registry) == ["request.unreadable", "1/8"]
    assert trees(layout(SALES), '1;8;"a ""b""; c";1;2.00\n')[0]["lines"][0]["item"] == 'a "b"; c'


def test_a_quote_within_a_text_is_a_character():
    assert trees(layout(SALES), '1;8;5" pipe;1;2.00\n')[0]["lines"][0]["item"] == '5" pipe'


def test_a_delimiter_too_many_is_not_read_past(registry):
    named = SALES.replace("column = 1", 'column = "Shop"')
    declared = layout(named, "header_row = true\n")
    head = "Shop;No;Item;Qty;Sum\n"
    assert verdicts(declared, head + "1;7;salt; coarse;1;2.00\n1;8;A;1;2.00;\n", registry) == [
        "request.unreadable", "1/8",
    ]  # fmt: skip


def test_a_row_that_never_ends_is_refused_before_it_is_cut_into_cells(registry):
    started = time.process_time()
    body = b"1;7;A;1;2.00\n" + b";" * 20_000_000 + b"\n1;8;A;1;2.00\n"
    assert verdicts(layout(SALES), body, registry) == ["1/7", "request.unreadable", "1/8"]
    assert time.process_time() - started < 2


def test_a_last_row_that_breaks_off_is_no_sale(registry):
    head, named = "Shop;No;Item;Qty;Sum\n", SALES.replace("column = 1", 'column = "Shop"')
    for declared, start in ((layout(SALES), ""), (layout(named, "header_row = true\n"), head)):
        assert verdicts(declared, start + "1;7;A;1;2.00\n1;8;A", registry) == ["1/7", "request.unreadable"]
        assert verdicts(declared, start + "1;7;A;1;2.00\n1;8;A\n", registry) == ["1/7", "1/8"]
        assert verdicts(declared, start + "1;7;A;1;2.00\n1;8;A;1;2.00", registry) == ["1/7", "1/8"]


def test_a_row_of_no_known_kind_is_refused(registry):
    declared = layout(COUNTS, 'records = { line = "" }\n')
    assert verdicts(declared, "001AAAAA000100\n", registry) == ["001/AAAAA"]
    strict = layout(SALES, 'records = { line = "1" }\n')
    assert verdicts(strict, "1;7;A;1;2\n9;7;A;1;2\n", registry) == ["1/7", "request.unreadable"]


def test_a_fixed_width_row_that_was_cut_off_has_no_number(registry):
    found = trees(layout(COUNTS), "001AAAAA000100\n001BBBBB0001\n001CCCCC\n")
    assert [tree["lines"][0].get("counted") for tree in found] == ["1.00", "unreadable: 0001", None]
    body = "001BBBBB0001\n001CCCCC\n"
    assert verdicts(layout(COUNTS), body, registry) == ["contract.violated /lines/0/counted"] * 2


def test_a_missing_column_of_the_header_row_is_named():
    named = layout(SALES.replace("column = 1", 'column = "Shop"'), "header_row = true\n")
    with pytest.raises(RequestUnreadable, match="no column 'Shop'; it has: Store, No"):
        arrivals(named, "Store;No;Item;Qty;Sum\n1;7;A;1;2\n")


@pytest.mark.parametrize(
    ("end", "fault"),
    [
        ("", "trailer"),
        ("TRL;3\n", "counts '3' lines, and 2 came"),
        ("TRL;\n", "counts '' lines"),
        ("TRL;2\n1;9;A;1;2\n", "the last row does not begin with 'TRL'"),
        ("TRL;2\n1;9;A;1;2\n1;10;A;1;2\nTRL;2\n", "counts '2' lines, and 4 came"),
    ],
)
def test_a_file_without_its_right_trailer_is_refused_before_anything_of_it_is_taken(end, fault):
    declared = layout(SALES, 'trailer = { prefix = "TRL", column = 2 }\n')
    adapter = DropFileAdapter(Layouts([declared]))
    body = f"1;7;A;1;2\n1;8;A;1;2\n{end}".encode()
    with pytest.raises(RequestUnreadable, match=fault):
        next(adapter.split(Message(body=body, media_type="; layout=test")))
    assert len(arrivals(declared, "1;7;A;1;2\n1;8;A;1;2\nTRL;0002\n")) == 2


@pytest.mark.parametrize(("counts", "number"), [("lines", 2), ("rows", 4), ("all", 5)])
def test_a_trailer_counts_what_its_layout_says(counts, number):
    declared = layout(
        SALES,
        'records = { header = "H", ignored = ["P"] }\n'
        f'trailer = {{ prefix = "T;", column = 2, counts = "{counts}" }}\n',
    )
    assert len(arrivals(declared, f"H\n1;7;A;1;2\nP\n1;8;A;1;2\nT;{number}\n\x1a")) == 2


def test_a_file_of_too_many_rows_is_refused(monkeypatch):
    monkeypatch.setattr(rows, "ROWS_LIMIT", 3)
    with pytest.raises(RequestTooLarge, match="more than 3 rows"):
        arrivals(layout(SALES), "1;7;A;1;2\n" * 4)
    assert len(arrivals(layout(SALES), "1;7;A;1;2\n" * 3)) == 1


def test_an_item_needs_no_trailer_of_its_own():
    declared = layout(SALES, 'trailer = { prefix = "TRL", column = 2 }\n')
    [first, _] = arrivals(declared, "1;7;A;1;2\n1;8;A;1;2\nTRL;2\n")
    adapter = DropFileAdapter(Layouts([declared]))
    alone = Message(body=first.body, media_type=first.media_type)
    assert [again.body for again in adapter.split(alone)] == [first.body]


# -- values --


@pytest.mark.parametrize(
    ("keys", "written", "read"),
    [
        ("", "12.50", "12.50"),
        ("", "+12", "12"),
        ("", "12-", "-12"),
        ("", "- 12", "-12"),
        ("", "-0.00", "0.00"),
        ("", "007", "7"),
        ("", ".5", "0.5"),
        ("", "5.", "5"),
        ("", "1,234", "unreadable: 1,234"),
        ("", "1e5", "unreadable: 1e5"),
        ("", "--1", "unreadable: --1"),
        ("", "٣", "unreadable: ٣"),
        ('decimal_mark = ","\n', "1,5", "1.5"),
        ('decimal_mark = ","\n', "1.234", "unreadable: 1.234"),
        ('decimal_mark = ","\nthousands_mark = "."\n', "1.234.567,89", "1234567.89"),
        ('decimal_mark = ","\nthousands_mark = "."\n', "1234,5", "1234.5"),
        ('decimal_mark = ","\nthousands_mark = "."\n', "1.5", "unreadable: 1.5"),
        ('thousands_mark = " "\n', "1 234.5", "1234.5"),
    ],
)
def test_numbers_are_read_as_the_layout_says(keys, written, read):
    assert trees(layout(SALES, keys), f"1;7;A;1;{written}\n")[0]["lines"][0]["amount"] == read


@pytest.mark.parametrize(
    ("written", "read"),
    [("000199", "1.99"), ("000005", "0.05"), ("-00199", "-1.99"), ("00199-", "-1.99"), ("  1.50", "1.50")],
)
def test_implied_decimals_are_those_of_a_number_without_a_mark(written, read):
    assert trees(layout(COUNTS), f"001AAAAA{written}\n")[0]["lines"][0]["counted"] == read


@pytest.mark.parametrize(("written", "read"), [("00012E", "1.25"), ("00012N", "-1.25"), ("000120", "1.20")])
def test_overpunched_signs_are_read(written, read):
    declared = layout(COUNTS, instead=("decimals = 2", "decimals = 2, overpunch = true"))
    assert trees(declared, f"001AAAAA{written}\n")[0]["lines"][0]["counted"] == read


def test_a_sign_column_makes_its_numbers_negative():
    sign = '{ column = 6, field = "sign", signs = ["quantity", "amount"], negative = ["R", "-"] },\n]'
    declared = layout(SALES.rstrip().removesuffix("]") + sign)
    found = trees(declared, "1;7;A;1;2.00;R\n1;8;A;1;2.00;\n1;9;A;-1;0;-\n")
    assert [(tree["lines"][0]["quantity"], tree["lines"][0]["amount"]) for tree in found] == [
        ("-1", "-2.00"), ("1", "2.00"), ("-1", "0"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("format_", "written", "read"),
    [
        ("%d.%m.%Y", "3.1.2026", "2026-01-03"),
        ("%d/%m/%y", "03/01/26", "2026-01-03"),
        ("%Y%m%d", "20260103", "2026-01-03"),
        ("%Y%m%d", "2026113", "unreadable: 2026113"),
        ("%d.%m.%Y", "31.11.2026", "unreadable: 31.11.2026"),
        ("%y%j", "26003", "2026-01-03"),
    ],
)
def test_days_are_read_by_their_format(format_, written, read):
    day = f'{{ column = 6, field = "business_day", format = "{format_}" }},\n]'
    declared = layout(SALES.rstrip().removesuffix("]") + day)
    assert trees(declared, f"1;7;A;1;2;{written}\n")[0]["business_day"] == read


def test_a_day_and_a_time_in_two_columns_are_one_moment():
    two = (
        '{ column = 6, field = "date", format = "%d%m%y" }, '
        '{ column = 7, field = "time", format = "%I:%M %p" },\n]'
    )
    [tree] = trees(layout(SALES.rstrip().removesuffix("]") + two), "1;7;A;1;2;231126;02:05 PM\n")
    assert tree["occurred_at"] == "2026-11-23T14:05:00"
    [tree] = trees(layout(SALES.rstrip().removesuffix("]") + two), "1;7;A;1;2;231126;25:05 PM\n")
    assert "occurred_at" not in tree
    assert tree["time"] == "unreadable: 25:05 PM"


def test_texts_are_trimmed_mapped_and_may_mean_nothing():
    text = SALES.replace('field = "item"', 'field = "item", strip_zeros = true, empty = ["0000"]')
    text = text.replace('field = "store"', 'field = "store", values = { "7" = "0042" }')
    found = trees(layout(text), " 7 ;1; 0012 ;1;2\n7;2;0000;1;2\n7;3;000;1;2\n")
    assert {tree["store"] for tree in found} == {"0042"}
    assert [tree["lines"][0]["item"] for tree in found] == ["12", "", "0"]


def test_constants_stand_in_for_columns_that_a_file_lacks():
    text = SALES.replace('    { column = 1, field = "store" },\n', "")
    declared = layout(text, 'constants = { store = "0042", currency = "SEK" }\n')
    [tree] = trees(declared, "x;7;A;1;2\n")
    assert (tree["store"], tree["currency"], tree["key"]) == ("0042", "SEK", "0042/7")


@pytest.mark.parametrize(
    ("encoding", "name"), [("cp1252", "Käse €"), ("cp850", "Käse ½"), ("utf-8", "Käse 茶")]
)
def test_files_are_read_in_their_encoding(encoding, name):
    [tree] = trees(layout(SALES, f'encoding = "{encoding}"\n'), f"1;7;{name};1;2\n".encode(encoding))
    assert tree["lines"][0]["item"] == name


def test_keys_that_look_alike_stay_apart():
    found = trees(layout(SALES), "1/2;3;A;1;2\n1;2/3;A;1;2\n")
    assert [tree["key"] for tree in found] == ["1~12/3", "1/2~13"]


# -- layouts --


def test_the_examples_are_sound():
    assert read_layouts(EXAMPLES).names == ["kasse-bons", "price-answers", "shelf-count", "stock-moves"]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        (
            ('field = "store"', 'field = "stor"'),
            r"`stor` is no field of sale rows; .* - at `\$.columns\[0\].field`",
        ),
        (('field = "item"', 'field = "store"'), r"`store` is declared more than once"),
        (('"sequence"]', '"till"]'), r"`till` is in no column and no constant - at `\$.key`"),
        (
            ("column = 4", 'column = "Qty"'),
            r"`Qty` is a name, and there is no header row - at `\$.columns\[3\]",
        ),
        (("column = 4", "start = 4, length = 2"), r"`start` and `length` are for fixed-width files"),
        (("column = 4, ", ""), r"`column` is missing - at `\$.columns\[3\]`"),
        (('field = "item"', 'field = "item", decimals = 2'), r"`item` is no number"),
        (('field = "item"', 'field = "item", format = "%d"'), r"`item` is no date or time"),
        (('field = "item"', 'field = "business_day", format = "%d.%m"'), r"does not tell a whole date"),
        (('field = "amount"', 'field = "amount", values = { A = "1" }'), r"only the values of a text"),
        (('field = "amount"', 'field = "sign"'), r"`signs` names the numbers"),
        (('field = "amount"', 'field = "sign", signs = ["price"]'), r"`price` is no number of these rows"),
        (
            ('shape = "delimited"', 'shape = "delimited"\nencoding = "utf-16"'),
            r"`utf-16` is no encoding .*\$.encoding",
        ),
        (
            ('shape = "delimited"', 'shape = "delimited"\nencoding = "shift_jis"'),
            r"is no encoding with one byte",
        ),
        (('shape = "delimited"', 'shape = "delimited"\nencoding = "latin-99"'), r"is no encoding"),
        (
            ('shape = "delimited"', 'shape = "delimited"\ndelimiter = \'"\''),
            r"the delimiter can't be the quote",
        ),
        (
            ('shape = "delimited"', 'shape = "delimited"\nthousands_mark = "."'),
            r"can't stand between thousands",
        ),
        (
            ('shape = "delimited"', 'shape = "delimited"\ntrailer = { prefix = "T", start = 1 }'),
            r"at `\$.trailer`",
        ),
        (
            ('rows = "sale"', 'rows = "sale"\nconstants = { stor = "1" }'),
            r"`stor` is no field .*\$.constants",
        ),
    ],
)
def test_what_a_layout_cannot_mean_is_said_with_its_key(changed, fault, tmp_path):
    file = tmp_path / "acme.toml"
    file.write_text(SALES.replace(*changed))
    with pytest.raises(LayoutRefused, match=f"acme.toml: .*{fault}"):
        read_layout(file)


def test_columns_that_overlap_are_named(tmp_path):
    (tmp_path / "acme.toml").write_text(COUNTS.replace("length = 5", "length = 6"))
    with pytest.raises(LayoutRefused, match=r"`item` and `counted` overlap at character 9 - at `\$.columns`"):
        read_layout(tmp_path / "acme.toml")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("title = ", "this is not TOML"),
        (SALES.replace("rows", "row"), r"unknown field `row`"),
        (SALES.replace('"sale"', '"sales"'), r"invalid enum value 'sales' - at `\$.rows`"),
        (SALES.replace("column = 1", "column = 0"), r"at `\$.columns\[0\].column`"),
        (SALES.replace('key = ["store", "sequence"]', "key = []"), r"at `\$.key`"),
        (SALES.replace('key = ["store", "sequence"]', ""), r"missing required field `key`"),
    ],
)
def test_what_is_no_layout_is_said_with_its_key(text, fault, tmp_path):
    (tmp_path / "acme.toml").write_text(text)
    with pytest.raises(LayoutRefused, match=f"acme.toml: .*{fault}"):
        read_layout(tmp_path / "acme.toml")


def test_the_example_of_the_docs_does_what_they_say(registry):
    text = (Path(__file__).parent.parent / "docs/layouts.md").read_text("utf-8")
    body, declared = re.findall(r"```(?:toml)?\n(Filiale.*?|title = .*?)```", text, re.DOTALL)
    assert verdicts(layout(declared), body, registry) == ["0042/3/2026-11-23/1187", "0042/3/2026-11-23/1190"]
    [_, refund] = trees(layout(declared), body)
    [exception] = normalised(refund).exceptions
    assert exception.category.value == "refund-anomaly"


def test_the_docs_explain_every_key_and_every_field():
    text = (Path(__file__).parent.parent / "docs/layouts.md").read_text("utf-8")
    keys = {*Layout.__struct_fields__, *Column.__struct_fields__} - {"name"}
    fields = {name for known in FIELDS.values() for name in known.names}
    assert {name for name in keys | fields if f"`{name}`" not in text} == set()


def test_faults_of_all_layouts_are_told_at_once(tmp_path):
    (tmp_path / "a.toml").write_text("title = 1")
    (tmp_path / "b.toml").write_text(COUNTS.replace('"store", "item"', '"till"'))
    with pytest.raises(LayoutRefused) as caught:
        read_layouts(tmp_path)
    assert [fault.partition(":")[0] for fault in caught.value.faults] == ["a.toml", "b.toml"]


# -- which layout --


@pytest.fixture(scope="module")
def examples() -> Layouts:
    return read_layouts(EXAMPLES)


@pytest.mark.parametrize(
    ("sample", "name"),
    [
        ("receipts.csv", "kasse-bons"),
        ("shelf-count.dat", "shelf-count"),
        ("price-answers.txt", "price-answers"),
        ("stock-moves.txt", "stock-moves"),
    ],
)
def test_a_file_shows_its_layout_by_its_first_lines(examples, sample, name):
    body = (EXAMPLES.parent / "samples" / sample).read_bytes()
    assert examples.of(body, "text/plain").name == name
    assert DropFileAdapter(examples).recognises(Message(body=body))


def test_a_media_type_that_names_a_layout_wins(examples):
    body = (EXAMPLES.parent / "samples/receipts.csv").read_bytes()
    assert examples.of(body, 'text/csv; charset=utf-8; Layout="shelf-count"').name == "shelf-count"


def test_a_layout_that_is_not_there_is_told_with_those_that_are(examples):
    adapter = DropFileAdapter(examples)
    message = Message(body=b"1;2\n", media_type="text/csv; layout=acme")
    assert adapter.recognises(message)
    with pytest.raises(ContractUnknown, match="no layout 'acme'; there are: kasse-bons, price-answers"):
        list(adapter.split(message))


@pytest.mark.parametrize(
    "body", [b"", b"hello\n", b"a;b;c\n1;2;3\n", b"\x00\xff\xfe", b'{"a": 1}', b"<POSLog/>"]
)
def test_what_no_layout_fits_is_not_recognised(examples, body):
    assert not DropFileAdapter(examples).recognises(Message(body=body, media_type="text/csv"))


@pytest.mark.parametrize("body", [b"<POSLog/>", b"\xef\xbb\xbf<x/>", b'{"a": 1}'])
def test_xml_and_json_are_no_drop_files_even_of_a_source_with_a_layout(examples, body):
    message = Message(body=body, media_type="application/xml; layout=kasse-bons")
    assert not DropFileAdapter(examples).recognises(message)


@pytest.mark.parametrize("cut", [1, 7, 40, 200, 333])
@pytest.mark.parametrize(
    "sample", sorted(Path(EXAMPLES.parent / "samples").glob("*.[cdt]*")), ids=lambda f: f.name
)
def test_what_is_broken_raises_only_what_senders_can_read(examples, registry, sample, cut):
    body, adapter = sample.read_bytes(), DropFileAdapter(examples)
    for broken in (
        body[:-cut],
        body[cut:],
        body[:cut] + b'\xff\x00"' + body[cut:],
        body.replace(b"0", b"\x85"),
    ):
        for name in ("", *examples.names):
            try:
                for arrival in adapter.split(Message(body=broken, media_type=f"text/csv; layout={name}")):
                    document = registry.validate(adapter.decode(arrival))
                    adapter.normalise(document, demo_source("pos"), RECEIVED_AT)
            except EventError:
                continue


# -- meaning --


def line(**members: str) -> dict:
    return {"item": "A", "quantity": "1", "regular_price": "2.49", "amount": "1.99", "reason": "", **members}


def categories(*lines: dict, **document: str) -> list[str]:
    found = normalised({"lines": list(lines), **document})
    return [exception.category.value for exception in found.exceptions]


def test_another_price_than_the_regular_one_without_a_reason_is_an_exception():
    [found] = normalised({"lines": [line()], "currency": "SEK"}).exceptions
    assert (found.expected.value, found.actual.value, found.expected.unit) == ("2.49", "1.99", "SEK")
    assert found.money_at_risk is not None
    assert found.money_at_risk.amount == "0.50"


@pytest.mark.parametrize(
    "right",
    [
        [line(reason="loyalty price")],
        [line(discount="0.50")],
        [line(amount="2.48")],
        [line(item="2812345001991")],
        [line(quantity="0.312", amount="0.60")],
        [line(quantity="2", amount="4.00")],
        [line(), line(line="2")],
        [line(type="void")],
        [line(type="deposit")],
        [{name: text for name, text in line().items() if name != "reason"}],
        [{name: text for name, text in line().items() if name != "regular_price"}],
    ],
)
def test_where_a_right_reason_is_possible_nothing_is_said(right):
    assert categories(*right) == []


def test_three_times_the_price_for_several_is_no_quantity_price():
    assert categories(line(quantity="2", amount="14.94")) == ["price-discrepancy"]


@pytest.mark.parametrize(
    ("returned", "found"),
    [
        ({"amount": "80.00", "reference": "", "type": "return"}, ["refund-anomaly"]),
        ({"amount": "-80.00", "reference": "", "quantity": "-1"}, ["refund-anomaly"]),
        ({"unit_price": "40", "quantity": "-2", "reference": "", "type": "sale"}, ["refund-anomaly"]),
        ({"amount": "80.00", "reference": "1/2/3", "type": "return"}, []),
        ({"amount": "49.99", "reference": "", "type": "return"}, []),
        ({"amount": "80.00", "type": "return"}, []),
        ({"amount": "80.00", "reference": "", "type": "sale"}, []),
    ],
)
def test_a_large_refund_that_could_name_its_receipt_and_does_not_is_an_exception(returned, found):
    assert categories({"item": "A", **returned}) == found


def test_an_exchange_is_a_sale_and_a_return_without_totals():
    found = normalised(
        {"total": "1.00", "lines": [line(reason="x"), line(quantity="-1", amount="-1", reason="x")]}
    )
    assert [(fact.kind.value, fact.total) for fact in found.facts] == [("sale", None), ("return", None)]
    assert found.facts[1].lines[0].amount.amount == "1.00"


@pytest.mark.parametrize("status", ["training", "voided", "suspended"])
def test_what_did_not_happen_is_no_fact(status):
    assert normalised({"status": status, "lines": [line()]}).facts == ()


def test_a_count_two_units_off_is_an_exception_and_one_off_is_none():
    lines = [
        {"item": "A", "counted": "8", "expected": "10", "unit_cost": "1.50"},
        {"item": "B", "counted": "9", "expected": "10"},
        {"item": "C", "counted": "0"},
    ]
    found = normalised({"lines": lines}, "pos-dropfile-count")
    assert [exception.key for exception in found.exceptions] == ["A"]
    assert found.exceptions[0].money_at_risk.amount == "3.00"
    assert [line.item.id for line in found.facts[0].lines] == ["A", "B", "C"]


def test_two_refunds_of_one_item_without_line_numbers_are_two_exceptions():
    refund = {"item": "A", "amount": "80.00", "reference": "", "type": "return"}
    keys = [exception.key for exception in normalised({"lines": [refund, refund]}).exceptions]
    assert keys == ["1:A", "2:A"]
    repeated = normalised({"lines": [{**refund, "line": "1"}, {**refund, "line": "1"}]}).exceptions
    assert [exception.key for exception in repeated] == ["1:A", "1:A/2"]


def test_receipts_are_a_series_only_where_the_layout_promises_all_of_them():
    till = SALES.replace('field = "item"', 'field = "till"')
    body = b"1;7;3;1;2.00\n"
    for promised in (False, True):
        promise = f"sequence_has_no_gaps = {str(promised).lower()}\n"
        declared = layout(till, promise + 'constants = { business_day = "2026-11-23" }\n')
        adapter = DropFileAdapter(Layouts([declared]))
        [arrival] = arrivals(declared, body)
        found = adapter.normalise(adapter.decode(arrival), demo_source("pos"), RECEIVED_AT).series
        assert (found and (found.series, found.number)) == (("1/3", 7) if promised else None)


def test_operators_and_customers_travel_as_hashes_alone():
    found = normalised({"operator": "Kim Doe", "customer": "LOY-9", "lines": [line()]})
    assert "Kim Doe" not in repr(found)
    assert "LOY-9" not in repr(found)
    assert found.facts[0].actor.startswith("1:")


def test_without_a_time_the_time_of_receipt_is_assumed():
    [fact] = normalised({"lines": [line()]}).facts
    assert fact.occurred_at == RECEIVED_AT
    assert ("occurred_at", "received_at") in [(each.name, each.value) for each in fact.assumed]


@pytest.mark.parametrize("trailing", ["", "H;9;4\n"])
def test_a_header_without_lines_is_a_document_that_sold_nothing(trailing, registry):
    declared = layout(
        'title = "Sales"\nrows = "sale"\nkey = ["store", "sequence"]\nshape = "delimited"\n'
        'records = { header = "H", line = "L" }\n'
        'header_columns = [ { column = 2, field = "store" }, { column = 3, field = "sequence" } ]\n'
        'columns = [ { column = 2, field = "item" }, { column = 3, field = "amount" } ]\n'
    )
    found = trees(declared, "H;9;1\nL;A;1.00\nH;9;2\nH;9;3\nL;B;2.00\n" + trailing)
    assert [(tree["sequence"], len(tree["lines"])) for tree in found] == [
        ("1", 1), ("2", 0), ("3", 1), *([("4", 0)] if trailing else []),
    ]  # fmt: skip
    for tree in found:
        registry.validate(Document(contract="pos-dropfile-sale", tree=tree, business_key=""))


def test_a_file_of_millions_of_rows_is_too_large():
    adapter = DropFileAdapter(Layouts([layout(SALES)]))
    with pytest.raises(RequestTooLarge, match="more than 2000000 rows"):
        next(adapter.split(Message(body=b";\n" * 2_000_001, media_type="; layout=test")))


def test_what_is_far_too_long_for_a_time_is_none_and_is_not_remembered():
    timed = layout(SALES)
    long = next(column for column in timed.columns if column.field == "amount")
    moment = msgspec.structs.replace(long, field="time")
    before = cells._time.cache_info().currsize
    assert cells.value_of("1" * 5000, moment, timed) == cells.UNREADABLE + "1" * 5000
    assert cells._time.cache_info().currsize == before
