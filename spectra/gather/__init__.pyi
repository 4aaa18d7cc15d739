from ._part_files import PartFiles
from ._pass import batch_size, settle, trial_of
from ._passed import Passed, Place
from ._plan import plan_run
from ._run import all_passes, run, without_fixed_content
from ._share import PartByPart, Share, measure_share
from ._through import through

__all__ = [
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
