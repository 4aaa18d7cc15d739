"""The published decoders: weights, module, inputs, and what is known of them beforehand."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from support.decoders.carn import carn_m
from support.decoders.dcgan import digit, face
from support.decoders.espcn import espcn
from support.decoders.faststyle import faststyle
from support.decoders.fsrcnn import fsrcnn
from support.decoders.lapsrn import lapsrn
from support.decoders.lwnet import wnet
from support.decoders.phasenet import phasenet
from support.decoders.taef2 import taef2_autoencoder, taef2_decoder, taef2_encoder
from support.decoders.waifu2x import upconv7

Array = NDArray[np.float32]
TILE = 192  # sides of a sharp crop; 2, 3, 4 and 8 divide it


# Colour: RGB in 0..255 along the last axis.


def luma_full(rgb: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return JPEG's luma, 0..255."""
    return rgb @ np.array([0.299, 0.587, 0.114])


def luma_video(rgb: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return BT.601's studio-range luma, 16..235."""
    return 16 + rgb @ np.array([65.481, 128.553, 24.966]) / 255


def ycbcr_full(rgb: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return JPEG's Y, Cb and Cr, 0..255, chroma around 128."""
    y = luma_full(rgb)
    red, blue = rgb[..., 0], rgb[..., 2]
    return np.stack([y, 128 + (blue - y) / 1.772, 128 + (red - y) / 1.402], axis=-1)


# Pictures.


@cache
def kodak(data_dir: Path, number: int) -> Image.Image:
    """Return one of the twelve Kodak pictures, RGB."""
    return Image.open(data_dir / f"images/kodak/kodim{number:02d}.png").convert("RGB")


def shrunk(picture: Image.Image, factor: int) -> Image.Image:
    """Return the picture down-scaled by antialiased bicubic; sides the factor does not fill go."""
    width, height = picture.width // factor, picture.height // factor
    whole = picture.crop((0, 0, width * factor, height * factor))
    return whole.resize((width, height), Image.Resampling.BICUBIC)


def tiles(picture: Image.Image, size: int) -> list[NDArray[np.float64]]:
    """Return the disjoint crops of one size that a centred grid cuts out, (size, size, 3) each."""
    rows, columns = picture.height // size, picture.width // size
    top, left = (picture.height - rows * size) // 2, (picture.width - columns * size) // 2
    pixels = np.asarray(picture, dtype=np.float64)[top:, left:]
    return [
        pixels[y * size : (y + 1) * size, x * size : (x + 1) * size]
        for y in range(rows)
        for x in range(columns)
    ]


# Inputs: float32, (n, channel, *spatial), n at least 16, no two crops overlapping.


@cache
def photographs(data_dir: Path, *, factor: int = 2, size: int = TILE) -> NDArray[np.float64]:
    """Return two far corners of each Kodak picture shrunk by factor, (24, size, size, 3)."""
    crops = [tiles(shrunk(kodak(data_dir, number), factor), size) for number in range(1, 13)]
    pixels = np.stack([crop for of_one in crops for crop in (of_one[0], of_one[-1])])
    pixels.flags.writeable = False  # shared by all who ask
    return pixels


def channels_first(pixels: NDArray[np.floating], scale: float = 1 / 255) -> Array:
    return np.moveaxis(pixels * scale, -1, 1).astype(np.float32)


def rgb_low(data_dir: Path, *, factor: int) -> Array:
    """Return RGB in 0..1 of crops that up-scaling by factor brings to TILE."""
    return channels_first(photographs(data_dir, factor=factor, size=TILE // factor))


def ycbcr_low(data_dir: Path, *, factor: int) -> Array:
    """Return Y, Cb, Cr in 0..1 of the same crops."""
    return channels_first(ycbcr_full(photographs(data_dir, factor=factor, size=TILE // factor)))


def luma_low(data_dir: Path, *, factor: int) -> Array:
    """Return full-range luma in 0..1 of the same crops."""
    return ycbcr_low(data_dir, factor=factor)[:, :1]


def luma_video_low(data_dir: Path, *, factor: int) -> Array:
    """Return studio-range luma, 16/255..235/255, of the same crops."""
    low = photographs(data_dir, factor=factor, size=TILE // factor)
    return channels_first(luma_video(low)[..., None])


def rgb(data_dir: Path) -> Array:
    """Return RGB in 0..1 of crops of halved pictures, which lost Kodak's chroma checkerboard."""
    return channels_first(photographs(data_dir))


def rgb_255(data_dir: Path) -> Array:
    """Return the same crops in 0..255."""
    return channels_first(photographs(data_dir), scale=1.0)


@cache
def encoded(data_dir: Path) -> torch.Tensor:
    """Return the TAEF2 encoder's latents of 16 of these crops, one picture at a time."""
    encoder, pictures = DECODERS["taef2_encoder"].load(data_dir), torch.from_numpy(rgb(data_dir))
    with torch.inference_mode():
        return torch.cat([encoder(picture) for picture in pictures[:16].split(1)])


def latents(data_dir: Path) -> Array:
    """Return those latents, (16, 32, 24, 24)."""
    return encoded(data_dir).numpy().copy()


def retina(data_dir: Path) -> Array:
    """Return the one retina, 512x512 as the network knows it, RGB in 0..1, (1, 3, 512, 512)."""
    picture = Image.open(data_dir / "images/skimage/retina.jpg").convert("RGB")
    small = picture.resize((512, 512), Image.Resampling.BICUBIC)
    return channels_first(np.asarray(small, dtype=np.float64)[None])


def retina_tiles(data_dir: Path) -> Array:
    """Return the retina cut into 4x4, (16, 3, 128, 128)."""
    cut = retina(data_dir).reshape(3, 4, 128, 4, 128)
    return np.ascontiguousarray(cut.transpose(1, 3, 0, 2, 4).reshape(16, 3, 128, 128))


def records(data_dir: Path) -> list[Mapping[str, NDArray[np.float64]]]:
    """Return the six records: ``data`` (9001, 3) and the true samples ``itp``, ``its``."""
    opened = [np.load(path) for path in sorted((data_dir / "seismic").glob("*.npz"))]
    return [{key: record[key] for key in ("data", "itp", "its")} for record in opened]


def seismogram(record: Mapping[str, NDArray[np.float64]], start: int) -> Array:
    """Return 30 s from a start sample, each component of mean 0 and deviation 1, (3, 3000)."""
    window = record["data"][start : start + 3000].T
    centred = window - window.mean(axis=1, keepdims=True)
    return (centred / centred.std(axis=1, keepdims=True)).astype(np.float32)


def seismograms(data_dir: Path) -> Array:
    """Return three windows in a row of each record, (18, 3, 3000)."""
    starts = (0, 3000, 6000)
    return np.stack([seismogram(r, start) for r in records(data_dir) for start in starts])


def uniform_noise(_: Path) -> Array:
    """Return 64 vectors uniform in -1..1, (64, 100, 1, 1)."""
    return np.random.default_rng(0).uniform(-1, 1, (64, 100, 1, 1)).astype(np.float32)


def normal_noise(_: Path) -> Array:
    """Return 64 normal vectors, (64, 64, 1, 1)."""
    return np.random.default_rng(0).normal(size=(64, 64, 1, 1)).astype(np.float32)


# The table.


class ExpectedStep(NamedTuple):
    """One upsampling operation, in the order of execution."""

    name: str
    kind: str
    factor: tuple[int, ...]


def deconvs(*names: str, factor: tuple[int, ...] = (2, 2)) -> tuple[ExpectedStep, ...]:
    return tuple(ExpectedStep(name, "transposed_conv", factor) for name in names)


def shuffles(*names: str, factor: int = 2) -> tuple[ExpectedStep, ...]:
    return tuple(ExpectedStep(name, "pixel_shuffle", (factor, factor)) for name in names)


def nearests(*names: str) -> tuple[ExpectedStep, ...]:
    return tuple(ExpectedStep(name, "nearest", (2, 2)) for name in names)


@dataclass(frozen=True)
class Decoder:
    """One published decoder as it is fed and what is expected of it.

    Attributes
    ----------
    factory, arch_args
        Make the module.
    checkpoint : str or None
        File below ``checkpoints/``; None where the factory loads ``weights`` itself.
    key : str or None
        Where in the file the weights lie.
    weights : mapping of str to str
        Arguments of the factory that are files below ``checkpoints/``.
    inputs : callable
        Data folder -> float32 array (n, channel, *spatial) as the module wants it.
    range : tuple of float or None
        Values between which the inputs lie by construction.
    output_shape : tuple of int
        Of one sample.
    steps : tuple of ExpectedStep
        Every operation that upsamples.
    documented_db : float or None
        Published figure of merit on the pictures at hand.
    """

    factory: Callable[..., nn.Module]
    checkpoint: str | None
    inputs: Callable[[Path], Array]
    output_shape: tuple[int, ...]
    steps: tuple[ExpectedStep, ...]
    arch_args: Mapping[str, int] = field(default_factory=dict)
    key: str | None = None
    weights: Mapping[str, str] = field(default_factory=dict)
    range: tuple[float, float] | None = (0, 1)
    documented_db: float | None = None

    @property
    def arch(self) -> str:
        """``file.py:factory``."""
        return f"{inspect.getfile(self.factory)}:{self.factory.__name__}"

    def arguments(self, data_dir: Path) -> dict[str, object]:
        """Return all arguments of the factory."""
        files = {name: str(data_dir / "checkpoints" / file) for name, file in self.weights.items()}
        return {**self.arch_args, **files}

    def state_dict(self, data_dir: Path) -> Mapping[str, torch.Tensor]:
        """Return the published weights, as they are stored."""
        path = data_dir / "checkpoints" / str(self.checkpoint)
        held = torch.load(path, map_location="cpu", weights_only=True)
        return held if self.key is None else held[self.key]

    def load(self, data_dir: Path) -> nn.Module:
        """Return the module in evaluation mode with the published weights, float32."""
        model = self.factory(**self.arguments(data_dir))
        if self.checkpoint is not None:
            model.load_state_dict(self.state_dict(data_dir), strict=True)
        return model.eval()

    def command(self, data_dir: Path, inputs: Path) -> list[str]:
        """Return MODEL, INPUTS and options of ``spectra analyze`` for inputs saved as ``.npy``."""
        arguments = [f"{name}={value}" for name, value in self.arguments(data_dir).items()]
        options = [word for argument in arguments for word in ("--arch-arg", argument)]
        if self.key is not None:
            options += ["--key", self.key]
        if self.range is not None:
            options += ["--range", "{:g}..{:g}".format(*self.range)]
        if self.checkpoint is None:
            return [self.arch, str(inputs), *options]
        checkpoint = data_dir / "checkpoints" / self.checkpoint
        return [str(checkpoint), str(inputs), "--arch", self.arch, *options]


def super_resolution(
    factory: Callable[..., nn.Module],
    checkpoint: str,
    inputs: Callable[..., Array],
    steps: tuple[ExpectedStep, ...],
    *,
    scale: int,
    channels: int = 3,
    documented_db: float | None = None,
    takes_scale: bool = True,
) -> Decoder:
    return Decoder(
        factory=factory,
        checkpoint=checkpoint,
        inputs=partial(inputs, factor=scale),
        output_shape=(channels, TILE, TILE),
        steps=steps,
        arch_args={"scale": scale} if takes_scale else {},
        documented_db=documented_db,
    )


def fsrcnn_row(scale: int, documented_db: float) -> Decoder:
    steps = deconvs("deconv", factor=(scale, scale))
    file = f"fsrcnn_x{scale}.pth"
    return super_resolution(
        fsrcnn, file, ycbcr_low, steps, scale=scale, documented_db=documented_db
    )


def espcn_row(scale: int, documented_db: float) -> Decoder:
    steps, file = shuffles("shuffle", factor=scale), f"espcn_x{scale}.pth"
    return super_resolution(
        espcn, file, luma_low, steps, scale=scale, channels=1, documented_db=documented_db
    )


def carn_row(scale: int, *steps: ExpectedStep) -> Decoder:
    return super_resolution(carn_m, "carn_m.pth", rgb_low, steps, scale=scale)


def waifu2x_row(model: str, documented_db: float | None = None) -> Decoder:
    return super_resolution(
        upconv7,
        f"waifu2x_upconv7_photo_{model}.pth",
        rgb_low,
        deconvs("deconv"),
        scale=2,
        documented_db=documented_db,
        takes_scale=False,
    )


def faststyle_row(style: str) -> Decoder:
    return Decoder(
        factory=faststyle,
        checkpoint=f"faststyle_{style}.pth",
        inputs=rgb_255,
        output_shape=(3, TILE, TILE),
        steps=deconvs("up.0", "up.1"),
        range=(0, 255),
    )


DECODERS: dict[str, Decoder] = {
    "fsrcnn_x2": fsrcnn_row(2, 31.24),
    "fsrcnn_x3": fsrcnn_row(3, 27.73),
    "fsrcnn_x4": fsrcnn_row(4, 26.27),
    "espcn_x2": espcn_row(2, 30.16),
    "espcn_x3": espcn_row(3, 27.15),
    "espcn_x4": espcn_row(4, 26.02),
    "lapsrn_x4": super_resolution(
        lapsrn,
        "lapsrn_x4.pth",
        luma_video_low,
        deconvs("convt_F1.0.cov_block.20", "convt_I1", "convt_F2.0.cov_block.20", "convt_I2"),
        scale=4,
        channels=1,
        documented_db=28.81,
        takes_scale=False,
    ),
    "waifu2x_scale2x": waifu2x_row("scale2x", 33.41),
    "waifu2x_noise1_scale2x": waifu2x_row("noise1_scale2x"),
    "faststyle_wave": faststyle_row("wave"),
    "faststyle_udnie": faststyle_row("udnie"),
    "carn_m_x2": carn_row(2, *shuffles("upsample.up2.body.2")),
    "carn_m_x3": carn_row(3, *shuffles("upsample.up3.body.2", factor=3)),
    "carn_m_x4": carn_row(4, *shuffles("upsample.up4.body.2", "upsample.up4.body.5")),
    "taef2_encoder": Decoder(
        factory=taef2_encoder,
        checkpoint="taef2_encoder.pth",
        inputs=rgb,
        output_shape=(32, TILE // 8, TILE // 8),
        steps=(),
    ),
    "taef2_decoder": Decoder(
        factory=taef2_decoder,
        checkpoint="taef2_decoder.pth",
        inputs=latents,
        output_shape=(3, TILE, TILE),
        steps=nearests("6", "11", "16"),
        range=None,
    ),
    "taef2_autoencoder": Decoder(
        factory=taef2_autoencoder,
        checkpoint=None,
        weights={"encoder": "taef2_encoder.pth", "decoder": "taef2_decoder.pth"},
        inputs=rgb,
        output_shape=(3, TILE, TILE),
        steps=nearests("decoder.6", "decoder.11", "decoder.16"),
        documented_db=25.47,
    ),
    "lwnet_wnet_drive": Decoder(
        factory=wnet,
        checkpoint="lwnet_wnet_drive.pth",
        key="model_state_dict",
        inputs=retina_tiles,
        output_shape=(1, 128, 128),
        steps=deconvs(
            *(f"unet{net}.up_path.{up}.up_layer.block.0" for net in (1, 2) for up in (0, 1))
        ),
    ),
    "face_dcgan": Decoder(
        factory=face,
        checkpoint="face_dcgan.pth",
        inputs=uniform_noise,
        output_shape=(3, 32, 32),
        steps=deconvs(*(f"generator_deconv.{layer}.0" for layer in (2, 3, 4))),
        range=None,
    ),
    "digit_dcgan": Decoder(
        factory=digit,
        checkpoint="digit_dcgan.pth",
        inputs=normal_noise,
        output_shape=(1, 28, 28),
        steps=deconvs(*(f"gen.{layer}.0" for layer in (0, 2, 3))),
        range=None,
    ),
    "phasenet_1d": Decoder(
        factory=phasenet,
        checkpoint="phasenet_1d.pth",
        inputs=seismograms,
        output_shape=(3, 3000),
        steps=deconvs(*(f"up0.{level}" for level in (3, 2, 1, 0)), factor=(4,)),
        range=None,
    ),
}
