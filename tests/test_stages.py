"""The stage loop: what stays of a value that failed."""

import weakref

from contracts.errors import RequestUnreadable
from routing.stages import Failed, SilentObserver, Stage, run_stages


class Tree:
    """A document large enough to matter."""


def test_a_refused_document_is_not_kept_in_memory_by_its_refusal():
    def decode(tree: Tree) -> None:
        try:
            raise ValueError(tree)
        except ValueError as error:
            raise RequestUnreadable("not to be read") from error

    tree = Tree()
    alive = weakref.ref(tree)
    values = [tree]
    (failed,) = run_stages([Stage("decode", decode)], values, SilentObserver())
    assert isinstance(failed, Failed)
    assert failed.error.detail == "not to be read"
    del tree, values
    assert alive() is None


def test_one_values_failure_touches_no_other_also_in_a_batch_stage():
    def halve(numbers: list[int]) -> list[float]:
        return [1 / number for number in numbers]

    results = run_stages([Stage("halve", halve, is_batch=True)], [1, 0, 2], SilentObserver())
    assert (results[0], results[2]) == (1.0, 0.5)
    assert isinstance(results[1], Failed)
    assert results[1].error.code == "internal.fault"
