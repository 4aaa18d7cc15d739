"""Restoration networks by name: the published sizes, and small ones that train in minutes.

All options are those of the classes `NAFNet` and `Restormer`.
"""

from spectra.models._nafnet import NAFNet
from spectra.models._restormer import Restormer
from spectra.models._upsampling import PUBLISHED, Upsampler
from spectra.remedy._lctc import Init


def nafnet_width32(
    *,
    local: int | None = None,
    upsampler: Upsampler = PUBLISHED,
    grouped: bool | None = None,
    start: Init = "default",
) -> NAFNet:
    """Return NAFNet for GoPro, 17,111,907 parameters: ``NAFNet-GoPro-width32.pth``."""
    return NAFNet(
        32,
        local=local,
        upsampler=upsampler,
        grouped=grouped,
        start=start,
    )


def nafnet_width64(
    *,
    local: int | None = None,
    upsampler: Upsampler = PUBLISHED,
    grouped: bool | None = None,
    start: Init = "default",
) -> NAFNet:
    """Return NAFNet for GoPro, 67,888,835 parameters: ``NAFNet-GoPro-width64.pth``."""
    return NAFNet(
        64,
        local=local,
        upsampler=upsampler,
        grouped=grouped,
        start=start,
    )


def nafnet_sidd_width32(
    *,
    local: int | None = None,
    upsampler: Upsampler = PUBLISHED,
    grouped: bool | None = None,
    start: Init = "default",
) -> NAFNet:
    """Return NAFNet for SIDD, 29,159,715 parameters: ``NAFNet-SIDD-width32.pth``."""
    return NAFNet(
        32,
        encoder_blocks=(2, 2, 4, 8),
        middle_blocks=12,
        decoder_blocks=(2, 2, 2, 2),
        local=local,
        upsampler=upsampler,
        grouped=grouped,
        start=start,
    )


def nafnet_sidd_width64(
    *,
    local: int | None = None,
    upsampler: Upsampler = PUBLISHED,
    grouped: bool | None = None,
    start: Init = "default",
) -> NAFNet:
    """Return NAFNet for SIDD, 115,982,915 parameters: ``NAFNet-SIDD-width64.pth``."""
    return NAFNet(
        64,
        encoder_blocks=(2, 2, 4, 8),
        middle_blocks=12,
        decoder_blocks=(2, 2, 2, 2),
        local=local,
        upsampler=upsampler,
        grouped=grouped,
        start=start,
    )


def nafnet_small(
    *,
    local: int | None = None,
    upsampler: Upsampler = PUBLISHED,
    grouped: bool | None = None,
    start: Init = "default",
) -> NAFNet:
    """Return a NAFNet of width 8 and two levels, 19,899 parameters."""
    return NAFNet(
        8,
        encoder_blocks=(1, 1),
        decoder_blocks=(1, 1),
        local=local,
        upsampler=upsampler,
        grouped=grouped,
        start=start,
    )


def baseline_width32(
    *,
    local: int | None = None,
    upsampler: Upsampler = PUBLISHED,
    grouped: bool | None = None,
    start: Init = "default",
) -> NAFNet:
    """Return the Baseline for GoPro, 17,023,875 parameters: ``Baseline-GoPro-width32.pth``."""
    return NAFNet(
        32,
        baseline=True,
        local=local,
        upsampler=upsampler,
        grouped=grouped,
        start=start,
    )


def baseline_width64(
    *,
    local: int | None = None,
    upsampler: Upsampler = PUBLISHED,
    grouped: bool | None = None,
    start: Init = "default",
) -> NAFNet:
    """Return the Baseline for GoPro, 67,712,771 parameters: ``Baseline-GoPro-width64.pth``."""
    return NAFNet(
        64,
        baseline=True,
        local=local,
        upsampler=upsampler,
        grouped=grouped,
        start=start,
    )


def restormer(
    *,
    upsampler: Upsampler = PUBLISHED,
    grouped: bool | None = None,
    start: Init = "default",
) -> Restormer:
    """Return Restormer, 26,126,644 parameters.

    For ``motion_deblurring.pth``, ``single_image_defocus_deblurring.pth`` and ``deraining.pth``.
    """
    return Restormer(
        upsampler=upsampler,
        grouped=grouped,
        start=start,
    )


def restormer_denoising(
    *,
    channels: int = 3,
    upsampler: Upsampler = PUBLISHED,
    grouped: bool | None = None,
    start: Init = "default",
) -> Restormer:
    """Return Restormer for denoising, 26,111,668 parameters; with ``channels=1`` 26,109,076.

    For ``real_denoising.pth``, ``gaussian_color_denoising_*.pth`` and, with ``channels=1``,
    ``gaussian_gray_denoising_*.pth``.
    """
    return Restormer(
        in_channels=channels,
        out_channels=channels,
        norm_bias=False,
        upsampler=upsampler,
        grouped=grouped,
        start=start,
    )


def restormer_dual_pixel(
    *,
    upsampler: Upsampler = PUBLISHED,
    grouped: bool | None = None,
    start: Init = "default",
) -> Restormer:
    """Return Restormer for two views of a pixel, 26,132,548 parameters.

    For ``dual_pixel_defocus_deblurring.pth``; left and right view lie along the channels.
    """
    return Restormer(
        in_channels=6,
        dual_pixel=True,
        upsampler=upsampler,
        grouped=grouped,
        start=start,
    )


def restormer_small(
    *,
    upsampler: Upsampler = PUBLISHED,
    grouped: bool | None = None,
    start: Init = "default",
) -> Restormer:
    """Return a Restormer of width 8 with one block a level, 208,225 parameters."""
    return Restormer(
        8,
        blocks=(1, 1, 1, 1),
        refinement=1,
        upsampler=upsampler,
        grouped=grouped,
        start=start,
    )
