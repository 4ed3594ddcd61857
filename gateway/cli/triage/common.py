"""What `train` and `evaluate` share."""

import importlib.util
import os

import rich_click as click

from gateway.cli.common import USAGE, fail

processes_option = click.option(
    "--processes", type=click.IntRange(1, 64), default=lambda: os.cpu_count() or 1,
    help="[default: as many as the machine has cores]",
)  # fmt: skip


def require_extra() -> None:
    """End the command where `onnx`, which writes model files, is not there."""
    if importlib.util.find_spec("onnx") is None:
        fail("`onnx` is not installed: pip install 'crossdock[training]'", USAGE)
