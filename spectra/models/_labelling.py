"""Networks that label pixels, or find disparity, by name.

All options are those of the classes `UNet`, `ViTDPT` and `STTR`.
"""

from spectra.models._dpt import ViTDPT
from spectra.models._sttr import STTR, StereoHead
from spectra.models._unet import UNet
from spectra.models._upsampling import PUBLISHED, Upsampler
from spectra.remedy._blocks import FollowingBlock
from spectra.remedy._lctc import Init


def unet_resnet50(
    *,
    classes: int = 21,
    block: FollowingBlock = "d",
    block_kernel: int = 7,
    upsampler: Upsampler = PUBLISHED,
    grouped: bool | None = None,
    start: Init = "default",
) -> UNet:
    """Return the U-Net with a ResNet-50 encoder, the decoder as in the paper."""
    return UNet(
        "resnet50",
        classes=classes,
        block=block,
        block_kernel=block_kernel,
        upsampler=upsampler,
        grouped=grouped,
        start=start,
    )


def unet_convnext_tiny(
    *,
    classes: int = 21,
    block: FollowingBlock = "d",
    block_kernel: int = 7,
    upsampler: Upsampler = PUBLISHED,
    grouped: bool | None = None,
    start: Init = "default",
) -> UNet:
    """Return the U-Net with a ConvNeXt-T encoder, decoder 9,642,549 parameters at 21 classes."""
    return UNet(
        "convnext_tiny",
        classes=classes,
        block=block,
        block_kernel=block_kernel,
        upsampler=upsampler,
        grouped=grouped,
        start=start,
    )


def unet_small(
    *,
    classes: int = 21,
    block: FollowingBlock = "d",
    block_kernel: int = 7,
    upsampler: Upsampler = PUBLISHED,
    grouped: bool | None = None,
    start: Init = "default",
) -> UNet:
    """Return a U-Net with a ResNet-18 encoder of a quarter of its width."""
    return UNet(
        "resnet18",
        width=16,
        classes=classes,
        block=block,
        block_kernel=block_kernel,
        upsampler=upsampler,
        grouped=grouped,
        start=start,
    )


def vit_dpt(
    *,
    classes: int = 21,
    upsampler: Upsampler = PUBLISHED,
    grouped: bool | None = None,
    start: Init = "default",
) -> ViTDPT:
    """Return a ViT-S of 16x16 patches with a dense prediction decoder."""
    return ViTDPT(
        classes=classes,
        upsampler=upsampler,
        grouped=grouped,
        start=start,
    )


def vit_dpt_small(
    *,
    classes: int = 21,
    upsampler: Upsampler = PUBLISHED,
    grouped: bool | None = None,
    start: Init = "default",
) -> ViTDPT:
    """Return a transformer of width 64 and four blocks with a decoder of 32 channels."""
    return ViTDPT(
        64,
        depth=4,
        heads=4,
        features=32,
        classes=classes,
        upsampler=upsampler,
        grouped=grouped,
        start=start,
    )


def sttr_light(
    *,
    head: StereoHead = "transformer",
    upsampler: Upsampler = PUBLISHED,
    grouped: bool | None = None,
    start: Init = "default",
) -> STTR:
    """Return STTR-light, 2,333,347 parameters.

    For ``sttr_light_sceneflow_pretrained_model.pth.tar``.
    """
    return STTR(
        head=head,
        upsampler=upsampler,
        grouped=grouped,
        start=start,
    )


def sttr_small(
    *,
    head: StereoHead = "correlation",
    upsampler: Upsampler = PUBLISHED,
    grouped: bool | None = None,
    start: Init = "default",
) -> STTR:
    """Return an STTR of a quarter of the width that matches by correlation."""
    return STTR(
        4,
        layers=2,
        head=head,
        upsampler=upsampler,
        grouped=grouped,
        start=start,
    )
