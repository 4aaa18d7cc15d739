from ._evaluate import evaluate
from ._paired import Difference, holm, paired_difference
from ._restored import Restored, restored
from ._small_networks import small_networks
from ._stages import Stage
from ._study import Study
from ._task import Task, disparity, restoration, segmentation
from ._tiles import tiled
from ._train import Trained, train
from ._training import Training
from ._under_attack import under_attack
from ._variants import NETWORKS, Network, Variant, build

__all__ = [
    "NETWORKS",
    "Difference",
    "Network",
    "Restored",
    "Stage",
    "Study",
    "Task",
    "Trained",
    "Training",
    "Variant",
    "build",
    "disparity",
    "evaluate",
    "holm",
    "paired_difference",
    "restoration",
    "restored",
    "segmentation",
    "small_networks",
    "tiled",
    "train",
    "under_attack",
]
