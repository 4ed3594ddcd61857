"""Which nats-server the embedded broker runs."""

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from routing.broker.streams import MINIMUM_SERVER

NAME = "nats-server"
VARIABLE = "CROSSDOCK_NATS_SERVER"


class BinaryNotFound(Exception):
    """There is no nats-server that Crossdock can run; the text says what was looked at."""


def find_binary(setting: str = "") -> str:
    """Return the nats-server to run: the one named, else a system one, else the wheel's beside Python.

    One that the setting or the variable names is taken or refused; a system one that is too old is passed
    over.

    Raises: BinaryNotFound.
    """
    named = setting or os.environ.get(VARIABLE, "")
    if named:
        fault = _fault(named)
        if fault:
            raise BinaryNotFound(f"{named} was named as the nats-server to run, but {fault}")
        return named
    refused = []
    for candidate in (shutil.which(NAME), shutil.which(NAME, path=str(Path(sys.executable).parent))):
        if candidate is None:
            continue
        fault = _fault(candidate)
        if not fault:
            return candidate
        refused.append(f"{candidate}: {fault}")
    raise BinaryNotFound(
        "no nats-server to run" + (f" ({'; '.join(refused)})" if refused else "")
        + f": install crossdock[embedded], or name one in [broker] binary or {VARIABLE},"
        " or name an external broker in [broker] url"
    )  # fmt: skip


@functools.lru_cache(maxsize=8)
def _fault(binary: str) -> str:
    try:
        answer = subprocess.run(  # noqa: S603 - our own command, no shell
            [binary, "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        return f"it can't be run: {error}"
    found = re.search(r"v([0-9]+)\.([0-9]+)\.([0-9]+)", answer)
    if found is None:
        return "it doesn't say its version"
    if tuple(map(int, found.groups())) < MINIMUM_SERVER:
        return f"it is {found[0]}, and {'.'.join(map(str, MINIMUM_SERVER))} or later is needed"
    return ""
