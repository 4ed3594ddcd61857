"""Runs the graph: feature rows in, probabilities, sets and reasons out, on one thread and in bounded
batches.
"""

import threading
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

BATCH_LIMIT = 256
LOG_ERRORS = 3

Rows = NDArray[np.float32]


class Scores(Struct, frozen=True, kw_only=True):
    """The graph's outputs, one row for each row of features.

    `leaf_p` [N, leaves], `category_p` [N, categories], `level_p` [N, levels]: probabilities in the taxonomy's
    order. `top_p` and `top_i` [N, 5]: the most probable leaves. `conf_set` [N, leaves]: the conformal set.
    `reason_v` and `reason_i` [N, 5]: the features that spoke most for the first leaf, and how much.
    """

    leaf_p: NDArray[np.float32]
    category_p: NDArray[np.float32]
    level_p: NDArray[np.float32]
    top_p: NDArray[np.float32]
    top_i: NDArray[np.int64]
    conf_set: NDArray[np.bool_]
    reason_v: NDArray[np.float32]
    reason_i: NDArray[np.int64]


OUTPUTS = Scores.__struct_fields__


class Scorer:
    """A session of onnxruntime. What it raises comes from the graph or the runtime and is never foreseen."""

    def __init__(self, graph: bytes) -> None:
        import onnxruntime  # as long to import as all the rest of a command that needs no model

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = LOG_ERRORS
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    @property
    def inputs(self) -> dict[str, tuple[str, list[Any]]]:
        """Type and shape of each input."""
        return {one.name: (one.type, one.shape) for one in self._session.get_inputs()}

    @property
    def outputs(self) -> dict[str, tuple[str, list[Any]]]:
        """Type and shape of each output."""
        return {one.name: (one.type, one.shape) for one in self._session.get_outputs()}

    def score(self, rows: Rows) -> Scores:
        """Return the scores of any number of rows, at most 256 at once (hot path)."""
        if len(rows) <= BATCH_LIMIT:
            return Scores(**dict(zip(OUTPUTS, self._session.run(OUTPUTS, {"x": rows}), strict=True)))
        parts = [
            self._session.run(OUTPUTS, {"x": rows[start : start + BATCH_LIMIT]})
            for start in range(0, len(rows), BATCH_LIMIT)
        ]
        return Scores(
            **{
                name: np.concatenate(part)
                for name, part in zip(OUTPUTS, zip(*parts, strict=True), strict=True)
            }
        )

    def score_within(self, rows: Rows, seconds: float) -> Scores:
        """Return the scores of at most 256 rows; a run that takes longer is stopped, and raises."""
        import onnxruntime

        options = onnxruntime.RunOptions()

        def stop() -> None:
            options.terminate = True

        timer = threading.Timer(seconds, stop)
        timer.start()
        try:
            return Scores(**dict(zip(OUTPUTS, self._session.run(OUTPUTS, {"x": rows}, options), strict=True)))
        finally:
            timer.cancel()
