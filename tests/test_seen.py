"""The SDK's memory of what is done."""

from pathlib import Path

from crossdock_sdk import Seen


def test_it_outlives_the_process(tmp_path: Path) -> None:
    with Seen(tmp_path / "seen.sqlite") as seen:
        assert "a" not in seen
        seen.add("a")
        seen.add("a")
    with Seen(tmp_path / "seen.sqlite") as seen:
        assert "a" in seen
        assert "b" not in seen


def test_two_processes_share_it(tmp_path: Path) -> None:
    with Seen(tmp_path / "seen.sqlite") as one, Seen(tmp_path / "seen.sqlite") as other:
        one.add("a")
        assert "a" in other


def test_it_forgets_after_its_days(tmp_path: Path) -> None:
    with Seen(tmp_path / "seen.sqlite") as seen:
        seen.add("a")
    with Seen(tmp_path / "seen.sqlite", keep_days=-1) as seen:
        assert "a" not in seen
