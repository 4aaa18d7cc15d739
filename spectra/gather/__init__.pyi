from ._at_a_time import batch_size
from ._part_by_part import PartByPart, measure_share
from ._part_files import PartFiles
from ._pass import settle, trial_of
from ._passed import Passed, Place
from ._plan import plan_run
from ._plan_file import HeldPlan
from ._run import all_passes, run, without_fixed_content
from ._share import Share
from ._through import through

__all__ = [
    "HeldPlan",
    "PartByPart",
    "PartFiles",
    "Passed",
    "Place",
    "Share",
    "all_passes",
    "batch_size",
    "measure_share",
    "plan_run",
    "run",
    "settle",
    "through",
    "trial_of",
    "without_fixed_content",
]
