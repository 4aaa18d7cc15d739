from ._augmentation import Augmentation
from ._gopro import gopro
from ._kitti import kitti_stereo
from ._metrics import DisparityMetrics, Metrics, RestorationMetrics, SegmentationMetrics
from ._pascal_voc import pascal_voc
from ._photographs import restoration_photographs
from ._sample import Sample
from ._sample_set import SampleSet
from ._scene_flow import scene_flow
from ._stereo_pairs import motorcycle, shifted_pairs
from ._textures import textured_regions

__all__ = [
    "Augmentation",
    "DisparityMetrics",
    "Metrics",
    "RestorationMetrics",
    "Sample",
    "SampleSet",
    "SegmentationMetrics",
    "gopro",
    "kitti_stereo",
    "motorcycle",
    "pascal_voc",
    "restoration_photographs",
    "scene_flow",
    "shifted_pairs",
    "textured_regions",
]
