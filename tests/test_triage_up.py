"""The whole system with a folder of models: who decides is seen from outside, whatever is wrong with one."""

import os
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from triage_models import KEY, write

from contracts import subjects
from gateway.bootstrap import Installation, install
from gateway.issuer import mint
from gateway.up import running
from routing.broker.api import StreamReader
from routing.broker.connection import connect
from routing.triage.model import publishing, signatures
from routing.triage.rules import DECIDED_BY

SAMPLE = Path(__file__).resolve().parent.parent / "adapters/pos/poslog/samples/price-difference.xml"


@pytest.fixture
def models(tmp_path, monkeypatch) -> Path:  # type: ignore[no-untyped-def]
    """A folder of models whose key the settings of every process trust."""
    root, key = tmp_path / "models", tmp_path / "key.pub.pem"
    key.write_bytes(signatures.public_pem(KEY))
    settings = {
        "MODELS_FOLDER": str(root), "TRUSTED_KEY_FILES": f'["{key}"]', "AUTONOMY": "L4", "AUDIT_SHARE": "0",
        "LOOK_SECONDS": "0.1", "BATCH_LIMIT_MS": "500",
    }  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(f"CROSSDOCK__TRIAGE__MODEL__{name}", value)
    return root


async def ready(url: str) -> dict[str, Any]:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"{url}/health/ready")).json()


async def send(installation: Installation, url: str, number: int) -> None:
    token = mint(installation.folder, "pos-demo", installation.settings.clients["pos-demo"].scopes)
    body = SAMPLE.read_text().replace("<SequenceNumber>", f"<SequenceNumber>{number}", 1)
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(
            f"{url}/v1/sources/pos-demo/events", content=body,
            headers={"authorization": f"Bearer {token}", "content-type": "application/xml"},
        )  # fmt: skip
    assert answer.status_code == 202, answer.text


async def decisions(installation: Installation) -> list[dict[str, Any]]:
    client = await connect(installation.folder.credentials("operator", installation.settings.broker), "test")
    try:
        found = [stored async for stored in StreamReader(client).scan(subjects.OUT_STREAM, "out.>")]
    finally:
        await client.close()
    return [msgspec.json.decode(stored.body)["data"]["triage"] for stored in found]


async def test_who_decides_is_seen_from_outside_and_a_broken_model_stops_nothing(
    data_folder, models, eventually
):
    write(models, "1.0.0", favoured={"PRC.label_not_changed": 4.0})
    broken = write(models, "1.1.0", is_current=False) / "model.onnx"
    content = bytearray(broken.read_bytes())
    content[len(content) // 2] ^= 1
    broken.write_bytes(content)
    installation = install(data_folder, None, os.environ)
    async with running(installation, None, 0, log_to_files=True) as system:
        await eventually(lambda: _decides(system.url, "small@1.0.0"))
        await send(installation, system.url, 1)
        await eventually(lambda: _count(installation, 1), 10)
        publishing.point(models, "current", "small/1.1.0")
        log = data_folder.logs / "router.log"
        await eventually(lambda: "a model was refused" in log.read_text(), 10)
        assert (await ready(system.url))["triage"] == "small@1.0.0"
    # a process that starts has no model in memory to fall back on
    async with running(installation, None, 0, log_to_files=True) as system:
        await eventually(lambda: _decides(system.url, "rules"))
        await send(installation, system.url, 2)
        await eventually(lambda: _count(installation, 2), 10)
        first, *_, last = await decisions(installation)
    assert (first["decided_by"], last["decided_by"]) == ("small@1.0.0", DECIDED_BY)
    assert last["decided_because"].startswith("no model passed: hash: model.onnx has SHA-256")


async def _decides(url: str, who: str) -> bool:
    found = await ready(url)
    return found["triage"] == who


async def _count(installation: Installation, number: int) -> bool:
    return len(await decisions(installation)) >= number
