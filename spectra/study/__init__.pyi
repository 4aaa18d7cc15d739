from ._evaluate import evaluate
from ._task import Task, disparity, restoration, segmentation
from ._train import Trained, train
from ._training import Training

__all__ = [
    "Task",
    "Trained",
    "Training",
    "disparity",
    "evaluate",
    "restoration",
    "segmentation",
    "train",
]
