"""What the repository promises of itself: names, docs, alerts, and nothing that names one machine."""

import re
import subprocess
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from contracts import errors
from gateway import settings
from gateway.cli import crossdock
from observability import metrics
from observability.log import LogSettings
from observability.spans import TracingSettings
from routing.broker.streams import StreamSettings
from routing.delivery.settings import DeliverySettings
from routing.router import RouterSettings
from routing.series import SeriesSettings
from routing.triage.decision import TriageSettings
from routing.triage.model_settings import ModelSettings

REPOSITORY = Path(__file__).resolve().parent.parent
DOCS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
PACKAGES = (
    "gateway", "simulator", "adapters", "contracts", "routing", "ledger", "observability", "crossdock_sdk",
)  # fmt: skip


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [REPOSITORY / name for name in listed.stdout.splitlines() if (REPOSITORY / name).is_file()]


def all_errors(root: type[errors.EventError] = errors.EventError) -> list[type[errors.EventError]]:
    return [root, *(each for child in root.__subclasses__() for each in all_errors(child))]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_claims_one_of_our_package_names(package):
    assert set(packages_distributions()[package]) == {"crossdock"}


def test_every_metric_is_in_the_docs():
    text = "\n".join(file.read_text() for file in DOCS)
    names = [
        f"{metric._name}{'_total' if metric._type == 'counter' else ''}"
        for metric in vars(metrics).values()
        if isinstance(metric, MetricWrapperBase)
    ]
    assert names
    assert [name for name in names if name not in text] == []


def test_every_metric_that_an_alert_watches_exists():
    rules = yaml.safe_load((REPOSITORY / "observability/alerts/crossdock.yaml").read_text())
    watched = {
        name
        for group in rules["groups"]
        for rule in group["rules"]
        for name in re.findall(r"crossdock_[a-z_]+", rule["expr"])
    }
    known = {
        f"{metric._name}{suffix}"
        for metric in vars(metrics).values()
        if isinstance(metric, MetricWrapperBase)
        for suffix in ("", "_total", "_bucket", "_sum", "_count")
    }
    assert watched
    assert watched <= known


def test_every_error_code_is_in_the_docs():
    text = "\n".join(file.read_text() for file in DOCS)
    codes = {error.code for error in all_errors() if "code" in vars(error)}
    assert [code for code in sorted(codes) if f"`{code}`" not in text] == []


def test_every_error_code_belongs_to_one_class():
    codes = [
        error.code
        for error in all_errors()
        if "code" in vars(error) and error.__module__ == "contracts.errors"
    ]
    # auth.invalid stands for its whole family, whose members have codes of their own
    assert sorted(codes) == sorted(set(codes))


def test_every_command_is_in_the_docs():
    text = "\n".join(file.read_text() for file in DOCS)
    assert [name for name in crossdock.commands if f"crossdock {name}" not in text] == []


def test_compose_runs_commands_that_exist():
    compose = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())
    ours = {name: service for name, service in compose["services"].items() if "build" in service}
    assert {service["command"][0] for service in ours.values()} <= set(crossdock.commands)


def test_the_lock_holds_hashes_and_no_addresses():
    lock = (REPOSITORY / "constraints.txt").read_text()
    assert "--hash=sha256:" in lock
    assert re.search(r"https?://|index-url|resolved", lock) is None


def test_no_tracked_file_names_a_path_of_one_machine():
    forbidden = re.compile(rf"{re.escape(str(REPOSITORY.parent))}/|/home/[a-z]+/|/root/|/tmp/[a-z]")
    found = []
    for file in tracked_files():
        try:
            text = file.read_text()
        except UnicodeDecodeError:
            continue
        if file != Path(__file__) and forbidden.search(text):
            found.append(str(file.relative_to(REPOSITORY)))
    assert found == []


def test_every_setting_is_in_the_docs():
    text = (REPOSITORY / "docs/settings.md").read_text()
    sections = {
        "http": settings.HttpSettings, "broker": settings.BrokerSettings, "auth": settings.AuthSettings,
        "broker.streams": StreamSettings, "router": RouterSettings, "delivery": DeliverySettings,
        "triage": TriageSettings, "triage.model": ModelSettings,
        "series": SeriesSettings, "log": LogSettings, "tracing": TracingSettings,
        "clients.<name>": settings.ClientSettings,
    }  # fmt: skip
    keys = [f"`{section}.{key}`" for section, struct in sections.items() for key in struct.__struct_fields__]
    tables = {"`broker.streams`", "`triage.model`"}
    assert [key for key in keys if key not in text and key not in tables] == []
    missing = [key for key in settings.SourceSettings.__struct_fields__ if f"\n{key} = " not in text]
    assert missing == []
