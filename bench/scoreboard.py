"""Our checker beside others on the same tables: `python bench/scoreboard.py TABLE… [--others FOLDER]`.

A table is a list of `{"id", "old", "new", "backward", "forward"}`. Others are asked for each direction
whether what was valid stays valid. Those that `FOLDER` has are asked;
`make scoreboard` puts them there with pip and npm.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from contracts.compat import compare

Verdicts = list[str]  # for each question `yes`, `no`, `undecided` or `crash`
Question = tuple[Any, Any]
COLUMNS = ("right", "false accepts", "false rejects", "undecided", "crashes or unsupported")
SECONDS = 300

PYTHON = """
import json, sys
from jsonsubschema import isSubschema
for line in sys.stdin:
    old, new = json.loads(line)
    try:
        print("yes" if isSubschema(old, new) else "no", flush=True)
    except Exception:  # whatever it dies of is its answer
        print("crash", flush=True)
"""
DIFF = """
const { diffSchemas } = require('json-schema-diff');
const ask = async ([old, new_]) => {
  const found = await diffSchemas({ sourceSchema: old, destinationSchema: new_ });
  return found.removalsFound ? 'no' : 'yes';
};
"""
SUBSET = """
const subset = require('is-json-schema-subset').default;
const ask = async ([old, new_]) => ((await subset(old, new_)) ? 'yes' : 'no');
"""
ASK_ALL = """
const lines = require('fs').readFileSync(0, 'utf8').trim().split('\\n').map((line) => JSON.parse(line));
(async () => {
  for (const line of lines) {
    const late = new Promise((done) => setTimeout(done, 5000, 'crash').unref());
    console.log(await Promise.race([ask(line).catch(() => 'crash'), late]));
  }
  process.exit(0);
})();
"""


def ours(questions: Iterable[Question]) -> Verdicts:
    said = {"compatible": "yes", "breaking": "no", "undecided": "undecided"}
    return [said[compare(old, new).backward] for old, new in questions]


def asked(command: list[str], environ: dict[str, str]) -> Callable[[list[Question]], Verdicts]:
    """Return what asks another program, a line for each line; one that dies is started again."""

    def ask(questions: list[Question]) -> Verdicts:
        answers = run(questions)
        if len(answers) == len(questions):
            return answers
        return [*answers, "crash", *ask(questions[len(answers) + 1 :])]

    def run(questions: list[Question]) -> Verdicts:
        if not questions:
            return []
        lines = "".join(json.dumps(question) + "\n" for question in questions)
        ended = subprocess.run(  # noqa: S603 - the programs that the caller installed
            command, input=lines, capture_output=True, text=True, timeout=SECONDS, check=False,
            env={**os.environ, **environ},
        )  # fmt: skip
        return [line for line in ended.stdout.splitlines() if line in {"yes", "no", "crash"}]

    return ask


def others(folder: Path) -> dict[str, Callable[[list[Question]], Verdicts]]:
    modules = {"NODE_PATH": str(folder / "node_modules")}
    found: dict[str, Callable[[list[Question]], Verdicts]] = {}
    if (folder / "py" / "jsonsubschema").is_dir():
        found["jsonsubschema (PyPI)"] = asked(
            [sys.executable, "-c", PYTHON], {"PYTHONPATH": str(folder / "py")}
        )
    for package, code in (("json-schema-diff", DIFF), ("is-json-schema-subset", SUBSET)):
        if (folder / "node_modules" / package).is_dir():
            found[f"{package} (npm)"] = asked(["node", "-e", code + ASK_ALL], modules)
    return found


def score(verdicts: Verdicts, wanted: list[bool]) -> dict[str, int]:
    counts = Counter[str]()
    for verdict, is_compatible in zip(verdicts, wanted, strict=True):
        if verdict in {"undecided", "crash"}:
            counts["undecided" if verdict == "undecided" else "crashes or unsupported"] += 1
        elif (verdict == "yes") is is_compatible:
            counts["right"] += 1
        else:
            counts["false accepts" if verdict == "yes" else "false rejects"] += 1
    return {column: counts[column] for column in COLUMNS}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tables", nargs="+", type=Path)
    parser.add_argument("--others", type=Path, default=Path("/nowhere"))
    given = parser.parse_args()
    checkers = {"Crossdock": ours} | others(given.others)
    for table in given.tables:
        cases = json.loads(table.read_text("utf-8"))
        questions = [
            pair for case in cases for pair in ((case["old"], case["new"]), (case["new"], case["old"]))
        ]
        wanted = [case[direction] for case in cases for direction in ("backward", "forward")]
        print(f"\n{table.name}: {len(cases)} edits, {len(wanted)} questions, {wanted.count(False)} breaks\n")
        print(f"| checker | {' | '.join(COLUMNS)} |\n|---|{'---|' * len(COLUMNS)}")
        for name, ask in checkers.items():
            print(f"| {name} | {' | '.join(map(str, score(ask(questions), wanted).values()))} |", flush=True)


if __name__ == "__main__":
    main()
