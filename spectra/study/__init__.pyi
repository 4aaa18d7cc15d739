from ._evaluate import evaluate
from ._stages import Stage
from ._task import Task, disparity, restoration, segmentation
from ._train import Trained, train
from ._training import Training

__all__ = [
    "Stage",
    "Task",
    "Trained",
    "Training",
    "disparity",
    "evaluate",
    "restoration",
    "segmentation",
    "train",
]
