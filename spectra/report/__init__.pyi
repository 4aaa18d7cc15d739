from ._comparison import Comparison
from ._folder import check_formats, check_target, default_directory
from ._gate import Gate
from ._kernel_table import KernelRow, KernelTable
from ._picture_comparison import PictureComparison
from ._picture_report import PictureReport
from ._read_tree import read_tree
from ._repair_report import RepairReport
from ._result import Result
from ._step_list import StepList
from ._summary_json import read_summary
from ._temporary import recover
from ._training_log import TrainingLog
from ._training_report import TrainingReport
from ._trial import Trial, TrialStep

__all__ = [
    "Comparison",
    "Gate",
    "KernelRow",
    "KernelTable",
    "PictureComparison",
    "PictureReport",
    "RepairReport",
    "Result",
    "StepList",
    "TrainingLog",
    "TrainingReport",
    "Trial",
    "TrialStep",
    "check_formats",
    "check_target",
    "default_directory",
    "read_summary",
    "read_tree",
    "recover",
]
