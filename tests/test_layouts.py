"""Layouts as an installation has them: found beside the settings, named by a source, tried from the shell."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from http_face import OpenFace, paper_sources
from msgspec import structs

from adapters.catalogue import Catalogue
from adapters.pos.dropfile.layouts import EXAMPLES, Layouts, read_layouts
from contracts import headers
from contracts.documents import Message
from contracts.registry import Registry
from gateway import bootstrap
from gateway.cli import crossdock
from gateway.data_folder import DataFolder
from gateway.settings import SettingsError

SAMPLES = EXAMPLES.parent / "samples"
PRICES = """
title = "Prices"
rows = "price"
key = ["store", "item"]
shape = "delimited"
constants = { store = "9" }
columns = [ { column = 1, field = "item" }, { column = 2, field = "unit_price" } ]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A settings folder with one layout and a source that names it."""
    (tmp_path / "layouts").mkdir()
    (tmp_path / "layouts/acme.toml").write_text(PRICES)
    (tmp_path / "sources.toml").write_text('[sources.pos-north]\nsystem = "pos"\nlayout = "acme"\n')
    return tmp_path


def install(folder: Path | None, data: Path) -> bootstrap.Installation:
    return bootstrap.install(DataFolder(data), folder, {})


def test_layouts_are_those_beside_the_settings(folder: Path, tmp_path: Path) -> None:
    assert install(folder, tmp_path / "data").layouts.names == ["acme"]
    assert bootstrap.registered_sources(install(folder, tmp_path / "data"))["pos-north"].layout == "acme"


def test_without_a_folder_of_layouts_the_examples_are_there(tmp_path: Path) -> None:
    assert install(None, tmp_path).layouts.names == read_layouts(EXAMPLES).names


def test_a_layout_that_is_wrong_is_told_before_anything_runs(folder: Path, tmp_path: Path) -> None:
    (folder / "layouts/acme.toml").write_text(PRICES.replace('"item" }', '"itm" }'))
    with pytest.raises(
        SettingsError, match=r"layouts/acme.toml: `itm` is no field .* - at `\$.columns\[0\].field`"
    ):
        install(folder, tmp_path / "data")


def test_a_source_with_a_layout_that_is_not_there_is_told(folder: Path, tmp_path: Path) -> None:
    (folder / "layouts/acme.toml").rename(folder / "layouts/acme-2.toml")
    with pytest.raises(
        SettingsError, match=r"no `layouts/acme.toml`; there are: acme-2 - at `\$.sources.pos-north"
    ):
        install(folder, tmp_path / "data")


def test_a_layout_of_a_source_that_sends_no_drop_files_is_told(folder: Path, tmp_path: Path) -> None:
    (folder / "sources.toml").write_text('[sources.dock]\nsystem = "wms"\nlayout = "acme"\n')
    with pytest.raises(
        SettingsError, match=r"the system `pos` sends drop files - at `\$.sources.dock.layout`"
    ):
        install(folder, tmp_path / "data")


def test_check_counts_the_layouts(folder: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(crossdock, ["check", "--config", str(folder), "--data", str(tmp_path / "data")])
    assert "layouts: 1 are sound" in done.output


def test_a_system_that_no_adapter_is_for_is_told(folder: Path, tmp_path: Path) -> None:
    (folder / "sources.toml").write_text('[sources.dock]\nsystem = "wmss"\n')
    done = CliRunner().invoke(crossdock, ["check", "--config", str(folder), "--data", str(tmp_path / "data")])
    assert done.exit_code == 1
    assert (
        "$.sources.dock.system: no adapter is for 'wmss'; there are: canonical, erp, pos, wms" in done.output
    )
    done = CliRunner().invoke(crossdock, ["adapters", "try", "wmss", str(SAMPLES / "receipts.csv")])
    assert done.exit_code == 2


def test_a_file_is_tried_with_a_layout_that_is_nowhere_else(folder: Path) -> None:
    file = folder / "prices.csv"
    file.write_text("A;1.99\nB;2,49\n")
    command = ["adapters", "try", "pos", str(file), "--layout", str(folder / "layouts/acme.toml")]
    done = CliRunner(env={"COLUMNS": None}).invoke(crossdock, command)
    assert done.exit_code == 1
    assert "price/9/A" in done.output
    assert "unreadable: 2,49" in done.output
    assert "price/9/B" in done.output


def test_a_layout_that_is_wrong_cannot_be_tried(tmp_path: Path) -> None:
    shutil.copy(SAMPLES / "receipts.csv", tmp_path)
    (tmp_path / "a.toml").write_text(PRICES.replace("price", "prize"))
    command = ["adapters", "try", "pos", str(tmp_path / "receipts.csv"), "--layout", str(tmp_path / "a.toml")]
    done = CliRunner().invoke(crossdock, command)
    assert done.exit_code == 1
    assert "a.toml: invalid enum value 'prize' - at `$.rows`" in done.output


async def test_the_layout_of_a_source_goes_with_each_item_that_is_kept(
    open_face: OpenFace, folder: Path, tmp_path: Path
) -> None:
    layouts = install(folder, tmp_path / "data").layouts
    face = open_face(**parts(layouts))
    answer = await face.post(
        "/v1/sources/till/events/batch", b"A;1.99\nB;2,49\nC;3.00\n", {"content-type": "text/csv"}
    )
    assert answer.status_code == 207, answer.text
    items = answer.json()["items"]
    assert [item["status"] for item in items] == ["accepted", "refused", "accepted"]
    [first, last] = await face.kept()
    assert (first.body, last.body) == (b"A;1.99\n", b"C;3.00\n")
    media_type = first.headers[headers.MEDIA_TYPE]
    assert media_type == "text/csv; layout=acme; part=document"
    adapter = bootstrap.catalogue(layouts).for_contract("pos-dropfile-price")
    [arrival] = adapter.split(Message(body=first.body, media_type=media_type))
    assert adapter.decode(arrival).tree["lines"] == [{"item": "A", "unit_price": "1.99"}]


async def test_a_media_type_that_names_another_layout_wins_over_the_source(
    open_face: OpenFace, folder: Path, tmp_path: Path
) -> None:
    face = open_face(**parts(install(folder, tmp_path / "data").layouts))
    answer = await face.post(
        "/v1/sources/till/events/batch", b"A;1.99\n", {"content-type": "text/csv; layout=other"}
    )
    assert "no layout 'other'; there are: acme" in answer.text


async def test_a_source_with_a_layout_still_sends_xml(
    open_face: OpenFace, folder: Path, tmp_path: Path
) -> None:
    face = open_face(**parts(install(folder, tmp_path / "data").layouts))
    body = (SAMPLES.parents[1] / "poslog/samples/latin-1.xml").read_bytes()
    answer = await face.post("/v1/sources/till/events/batch", body, {"content-type": "application/xml"})
    assert {item["status"] for item in answer.json()["items"]} == {"accepted"}


def parts(layouts: Layouts) -> dict[str, object]:
    """The parts of a gateway whose source `till` sends in the layout `acme`."""
    known = paper_sources()
    return {
        "sources": known | {"till": structs.replace(known["till"], layout="acme")},
        "catalogue": Catalogue(bootstrap.catalogue(layouts).adapters),
        "registry": Registry.load(),
    }
