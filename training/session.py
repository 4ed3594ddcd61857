"""Running a model as the router does: one thread, at most 256 rows at once."""

import numpy as np
import onnxruntime

from training.arrays import Floats

BATCH = 256
OUTPUTS = ("leaf_p", "category_p", "level_p", "top_p", "top_i", "conf_set", "reason_v", "reason_i")


class Session:
    """A model file, ready to answer."""

    def __init__(self, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def run(self, x: Floats, batch: int = BATCH) -> dict[str, np.ndarray]:
        """Return each output for all rows."""
        found = [
            self._session.run(list(OUTPUTS), {"x": np.ascontiguousarray(x[start : start + batch])})
            for start in range(0, len(x), batch)
        ]
        return {name: np.concatenate([each[place] for each in found]) for place, name in enumerate(OUTPUTS)}
