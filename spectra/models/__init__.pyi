from ._dpt import ViTDPT
from ._labelling import (
    sttr_light,
    sttr_small,
    unet_convnext_tiny,
    unet_resnet50,
    unet_small,
    vit_dpt,
    vit_dpt_small,
)
from ._nafnet import NAFNet
from ._restoration import (
    baseline_width32,
    baseline_width64,
    nafnet_sidd_width32,
    nafnet_sidd_width64,
    nafnet_small,
    nafnet_width32,
    nafnet_width64,
    restormer,
    restormer_denoising,
    restormer_dual_pixel,
    restormer_small,
)
from ._restormer import Restormer
from ._sttr import STTR
from ._unet import UNet

__all__ = [
    "STTR",
    "NAFNet",
    "Restormer",
    "UNet",
    "ViTDPT",
    "baseline_width32",
    "baseline_width64",
    "nafnet_sidd_width32",
    "nafnet_sidd_width64",
    "nafnet_small",
    "nafnet_width32",
    "nafnet_width64",
    "restormer",
    "restormer_denoising",
    "restormer_dual_pixel",
    "restormer_small",
    "sttr_light",
    "sttr_small",
    "unet_convnext_tiny",
    "unet_resnet50",
    "unet_small",
    "vit_dpt",
    "vit_dpt_small",
]
