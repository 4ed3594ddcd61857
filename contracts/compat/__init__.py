"""Whether one schema can take another's place: proven, refuted with a witness, or undecided.

`contracts.compat.compare` is the way in; `comparison` has the types that it answers in.
"""

from contracts.compat.compare import compare, compare_all
from contracts.compat.comparison import Comparison, Finding, Floor, Verdict, Verdicts, as_json

__all__ = ["Comparison", "Finding", "Floor", "Verdict", "Verdicts", "as_json", "compare", "compare_all"]
