"""The parts as the bootstrap joins them: the default installation, and what `router` makes of an item."""

from pathlib import Path

import msgspec
import pytest

from contracts.documents import Arrival
from contracts.manifest import State
from contracts.subjects import UNREADABLE
from gateway.bootstrap import install, pipeline, registered_sources, sources
from gateway.data_folder import DataFolder
from gateway.settings import SettingsError
from routing.items import RouterItem
from routing.rendering import RenderedItem
from routing.stages import Failed, SilentObserver

SALE = Path(__file__).parent.parent / "adapters/pos/poslog/samples/price-difference.xml"


@pytest.fixture
def installation(tmp_path):
    return install(DataFolder(tmp_path), None, {})


def item(**members) -> RouterItem:
    taken = {
        "sequence": 1, "partition": 0, "event_id": "e" * 26, "source": "pos-demo",
        "contract": "pos-poslog-transaction@1.0.0", "received_at": "2026-11-23T12:00:00+00:00",
        "arrival": Arrival(body=SALE.read_bytes(), media_type="application/xml"),
    }  # fmt: skip
    return RouterItem(**{**taken, **members})


def test_the_default_installation_is_sound(installation):
    assert set(sources(installation)) == {"pos-demo", "wms-demo", "erp-demo", "canonical-demo"}
    assert set(installation.owners) == {"store-ops", "inventory-control", "finance", "review"}
    # only a system whose vendor proves itself has secrets: for the others none would be looked at
    signed = {name for name, source in registered_sources(installation).items() if source.webhook_secrets}
    assert signed == {"wms-demo", "erp-demo"}


def test_an_item_becomes_its_deliveries(installation):
    (result,) = pipeline(installation, SilentObserver()).run([item()])
    assert isinstance(result, RenderedItem)
    assert len(result.deliveries) == len(result.entries) == 1
    schema = msgspec.json.decode(result.deliveries[0].body)["dataschema"]
    [entry] = result.entries
    assert schema == f"{installation.base_url}/contracts/exception-{entry.category}/{entry.version}"


def test_what_was_refused_at_the_door_fails_with_the_doors_own_code(installation):
    refused = item(contract=UNREADABLE, refused_code="request.unreadable", refused_detail="not XML")
    (result,) = pipeline(installation, SilentObserver()).run([refused])
    assert isinstance(result, Failed)
    assert (result.stage, result.error.code, result.error.detail) == (
        "decode", "request.unreadable", "not XML",
    )  # fmt: skip


def test_a_replay_of_what_was_accepted_is_read_in_its_version_also_past_its_sunset(installation):
    version = installation.registry.exact("pos-poslog-transaction", "1.0.0")
    versions = installation.registry.contract(version.name).versions
    versions["1.0.0"] = msgspec.structs.replace(version, state=State.SUNSET)
    (result,) = pipeline(installation, SilentObserver()).run([item(cycle=2)])
    assert isinstance(result, RenderedItem)
    assert result.routed.item.contract == "pos-poslog-transaction@1.0.0"
    (named,) = pipeline(installation, SilentObserver()).run([item(cycle=2, contract=f"{version.name}@7.0.0")])
    assert isinstance(named, Failed)
    assert named.error.code == "contract.version-unknown"


def test_a_replay_is_judged_anew_and_may_be_fit_by_now(installation):
    (result,) = pipeline(installation, SilentObserver()).run([item(contract=UNREADABLE, cycle=2)])
    assert isinstance(result, RenderedItem)
    assert result.routed.item.contract == "pos-poslog-transaction@1.1.0"  # the newest, not the one of before


def test_a_replay_that_still_breaks_its_contract_is_dead_again(installation):
    broken = SALE.read_bytes().replace(b"<WorkstationID>5</WorkstationID>", b"")
    again = item(contract=UNREADABLE, cycle=2, arrival=Arrival(body=broken, media_type="application/xml"))
    (result,) = pipeline(installation, SilentObserver()).run([again])
    assert isinstance(result, Failed)
    assert (result.stage, result.error.code) == ("decode", "contract.violated")


def test_a_source_that_left_the_settings_is_a_dead_letter(installation):
    (result,) = pipeline(installation, SilentObserver()).run([item(source="pos-gone")])
    assert isinstance(result, Failed)
    assert result.error.code == "adapter.unmapped"


def test_owners_and_routes_that_do_not_fit_are_named(tmp_path):
    (tmp_path / "owners.toml").write_text('[owners.store-ops]\ntitle = "x"\ncontact = "y"\n')
    with pytest.raises(SettingsError, match=r"routes\.toml.*finance"):
        install(DataFolder(tmp_path / "data"), tmp_path, {})
