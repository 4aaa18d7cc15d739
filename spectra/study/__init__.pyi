from ._evaluate import evaluate
from ._restored import Restored, restored
from ._small_networks import small_networks
from ._task import Task, disparity, restoration, segmentation
from ._train import Trained, train
from ._training import Training

__all__ = [
    "Restored",
    "Task",
    "Trained",
    "Training",
    "disparity",
    "evaluate",
    "restoration",
    "restored",
    "segmentation",
    "small_networks",
    "train",
]
