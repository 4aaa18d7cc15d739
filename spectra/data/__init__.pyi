from ._augmentation import Augmentation
from ._gopro import gopro
from ._kitti import kitti_stereo
from ._pascal_voc import pascal_voc
from ._sample import Sample
from ._sample_set import SampleSet
from ._scene_flow import scene_flow

__all__ = [
    "Augmentation",
    "Sample",
    "SampleSet",
    "gopro",
    "kitti_stereo",
    "pascal_voc",
    "scene_flow",
]
