"""How many mutants of the compatibility checker die: `python bench/mutants.py [--count N] [--seed S]`.

One place of `contracts/compat` is changed at a time (a comparison, a boolean, a constant, a branch), and
the checker's own tests are asked whether they notice. Ends with 1 where fewer than 95 % die; each survivor is
named.
"""

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
WANTED = 0.95
SECONDS = 120
SWAPS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what can stand in the node's place."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in SWAPS:
        yield ast.Compare(node.left, [SWAPS[type(node.ops[0])]()], node.comparators)
    if isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield ast.Constant(node.value + 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        yield ast.BinOp(node.left, ast.Sub() if isinstance(node.op, ast.Add) else ast.Add(), node.right)
    if isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)


class Replace(ast.NodeTransformer):
    """Puts something else into one place."""

    def __init__(self, place: int, other: ast.AST) -> None:
        self.place, self.other, self.seen = place, other, -1

    def generic_visit(self, node: ast.AST) -> ast.AST:
        self.seen += 1
        if self.seen == self.place:
            return ast.copy_location(self.other, node)
        return super().generic_visit(node)


def mutants() -> list[tuple[Path, int, str]]:
    """Return every mutant: its file, its line, its source."""
    found = []
    for file in sorted((REPOSITORY / "contracts" / "compat").glob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        order = _in_order(tree)
        for place, node in enumerate(order):
            for other in changes(node):
                source = ast.unparse(
                    ast.fix_missing_locations(Replace(place, other).visit(copy.deepcopy(tree)))
                )
                found.append((file, getattr(node, "lineno", 0), source))
    return found


def _in_order(tree: ast.AST) -> list[ast.AST]:
    """Return the nodes as a transformer visits them."""
    found: list[ast.AST] = []

    class Visit(ast.NodeVisitor):
        def generic_visit(self, node: ast.AST) -> None:
            found.append(node)
            super().generic_visit(node)

    Visit().visit(tree)
    return found


def dies(mutant: tuple[Path, int, str]) -> bool:
    """Say whether a test fails, or runs for too long, when the mutant takes its file's place."""
    file, _, source = mutant
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "contracts"
        shutil.copytree(REPOSITORY / "contracts", package, ignore=shutil.ignore_patterns("__pycache__"))
        (package / "compat" / file.name).write_text(source, "utf-8")
        command = [
            str(Path(sys.executable).parent / "pytest"),
            "-x",
            "-q",
            "-m",
            "not fuzz",
            "tests/test_compat.py",
        ]
        environ = {**os.environ, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            ended = subprocess.run(  # noqa: S603 - the tests of this repository
                [*command, "-p", "no:cacheprovider"], cwd=REPOSITORY, env=environ, capture_output=True,
                timeout=SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return True
        return ended.returncode == 1


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=200, help="of all mutants, as many drawn at random")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    every = mutants()
    chosen = random.Random(given.seed).sample(every, min(given.count, len(every)))  # noqa: S311 - no secret
    with ThreadPoolExecutor(2) as pool:
        died = list(pool.map(dies, chosen))
    for (file, line, _), is_dead in zip(chosen, died, strict=True):
        if not is_dead:
            print(f"survived: {file.relative_to(REPOSITORY)}:{line}")
    share = sum(died) / len(chosen)
    print(f"{sum(died)} of {len(chosen)} mutants died ({share:.1%}), of {len(every)}")
    return 0 if share >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
