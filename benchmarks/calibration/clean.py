"""Maps without an upsampling artifact: the test must stay silent at its nominal rate."""

from __future__ import annotations

import io
from functools import partial

import numpy as np
from numpy.random import Generator
from PIL import Image

from benchmarks.calibration import networks, pictures
from benchmarks.calibration.cells import Cell, Draw, Maps
from benchmarks.calibration.pictures import EMPTY, PHOTOGRAPHS, TEXTURES, crops, luma, picture
from spectra.follow import Borders


def photo(count: int, side: int, rng: Generator, part: str, **options: bool | int) -> Maps:
    """Return crops of photographs."""
    return crops(rng, PHOTOGRAPHS[part], count, side, **options)  # type: ignore[arg-type]


def texture(count: int, side: int, rng: Generator, part: str) -> Maps:
    """Return crops of brick, grass, gravel as they are."""
    return crops(rng, TEXTURES[part], count, side, shrunk=False)


def kodak(count: int, side: int, rng: Generator, part: str) -> Maps:
    """Return crops of every second Kodak picture, shrunk."""
    names = pictures.kodak()[0 if part == "tuning" else 1 :: 2]
    return crops(rng, names, count, side)


def through_network(count: int, side: int, depth: int, pad: str, rng: Generator, part: str) -> Maps:
    """Return what a random network without upsampling makes of photographs."""
    network = networks.layers(rng, depth, 8, first=1, pad=pad)
    return networks.run(network, networks.standardised(photo(count, side, rng, part)))


def faint_through_network(count: int, side: int, depth: int, rng: Generator, part: str) -> Maps:
    """Return the same of faint photographs, each on a level of its own: borders stand out."""
    faint = 0.1 * networks.standardised(photo(count, side, rng, part))
    faint += rng.normal(size=(count, 1, 1, 1)).astype(np.float32)
    network = networks.layers(rng, depth, 8, first=1, pad="zeros")
    return networks.run(network, networks.standardised(faint))


def reach_of(depth: int, side: int) -> int:
    """Return how far an analysis takes the padding of so many 3x3 layers to reach."""
    borders = Borders()
    for _ in range(depth):
        borders = borders.after(side, 1 / side)
    return borders.reach((1, side), (2,))[0]


def jpeg(count: int, side: int, quality: int, aligned: int, rng: Generator, part: str) -> Maps:
    """Return crops of photographs that were stored as JPEG, cut on its blocks or anywhere."""
    whole = crops(rng, PHOTOGRAPHS[part], count, side + 24)
    out = np.empty((count, 1, side, side), np.float32)
    for values, kept in zip(whole[:, 0], out[:, 0], strict=True):
        file = io.BytesIO()
        Image.fromarray(np.round(values.clip(0, 255)).astype(np.uint8)).save(
            file, "JPEG", quality=quality
        )
        stored = np.asarray(Image.open(file), np.float32)
        top, left = (8, 8) if aligned else rng.integers(0, 24, 2)
        kept[:] = stored[top : top + side, left : left + side]
    return out


def resized(count: int, side: int, ratio: float, rng: Generator, part: str) -> Maps:
    """Return photographs enlarged by a ratio that is no whole number."""
    small = crops(rng, PHOTOGRAPHS[part], count, int(side / ratio) + 4)
    big = [
        Image.fromarray(x[0]).resize((int(x.shape[1] * ratio),) * 2, Image.Resampling.BICUBIC)
        for x in small
    ]
    return np.stack([np.asarray(b, np.float32)[None, :side, :side] for b in big])


def demosaiced(count: int, side: int, rng: Generator, part: str) -> Maps:
    """Return the green channel of a Bayer pattern, its gaps filled with the mean of neighbours."""
    x = crops(rng, PHOTOGRAPHS[part], count, side)
    seen = (np.indices((side, side)).sum(0) % 2 == 0)[None, None]
    around = sum(np.roll(x, shift, axis) for shift in (-1, 1) for axis in (2, 3)) / 4
    return np.where(seen, x, around).astype(np.float32)


def rows(count: int, length: int, rng: Generator, part: str) -> Maps:
    """Return pieces of rows of photographs as one-dimensional maps."""
    out: list[Maps] = []
    while len(out) < count:
        names = PHOTOGRAPHS[part]
        source = luma(picture(names[rng.integers(len(names))], shrunk=True))
        left = rng.integers(source.shape[2] - length + 1)
        row = source[:, rng.integers(source.shape[1]), left : left + length]
        if row.std() > EMPTY:
            out.append(row)
    return np.stack(out)


def _noise(count: int, shape: tuple[int, ...], channels: int, rng: Generator, _part: str) -> Maps:
    return pictures.one_over_f(rng, count, shape, channels=channels)


def _white(count: int, shape: tuple[int, ...], rng: Generator, _part: str) -> Maps:
    return rng.normal(size=(count, 1, *shape)).astype(np.float32)


def _leaves(count: int, side: int, rng: Generator, _part: str) -> Maps:
    return pictures.dead_leaves(rng, count, side)


def _rescaled(gain: float, offset: float, draw: Draw, rng: Generator, part: str) -> Maps:
    return (draw(rng, part) * gain + offset).astype(np.float32)


def _half(draw: Draw, rng: Generator, part: str) -> Maps:
    return networks.standardised(draw(rng, part)).astype(np.float16).astype(np.float32)


def clean_cells() -> list[Cell]:
    """Return all clean cells, the core around s = 2, 64 pixels, 16 images first."""
    two = (2, 2)
    core = [
        Cell("photographs, 16 x 64 px", two, partial(photo, 16, 64)),
        Cell("photographs, 32 x 64 px", two, partial(photo, 32, 64)),
        Cell("photographs, 64 x 64 px", two, partial(photo, 64, 64)),
        Cell("photographs RGB, 16 x 64 px", two, partial(photo, 16, 64, gray=False)),
        Cell("photographs as they are, 16 x 64 px", two, partial(photo, 16, 64, shrunk=False)),
        Cell("1/f fields, 16 x 64 px", two, partial(_noise, 16, (64, 64), 1)),
        Cell("1/f fields, 4 channels, 16 x 64 px", two, partial(_noise, 16, (64, 64), 4)),
        Cell("white noise, 16 x 64 px", two, partial(_white, 16, (64, 64))),
        Cell("dead leaves, 16 x 64 px", two, partial(_leaves, 16, 64)),
        Cell("textures, 16 x 64 px", two, partial(texture, 16, 64)),
        *(
            Cell(
                f"network {depth} layers, {pad} padding, 16 x 64 px",
                two,
                partial(through_network, 16, 64, depth, pad),
                reach=depth,
            )
            for depth in (2, 6)
            for pad in ("zeros", "reflect")
        ),
        Cell(
            "photographs, gain 1/1000, 16 x 64 px",
            two,
            partial(_rescaled, 1e-3, 0.0, partial(photo, 16, 64)),
        ),
        Cell(
            "photographs, offset 1000, 16 x 64 px",
            two,
            partial(_rescaled, 1.0, 1e3, partial(photo, 16, 64)),
        ),
        Cell(
            "photographs, half precision, 16 x 64 px", two, partial(_half, partial(photo, 16, 64))
        ),
        Cell("JPEG 90, cut anywhere, 16 x 64 px", two, partial(jpeg, 16, 64, 90, 0)),
        Cell("JPEG 50, cut anywhere, 16 x 64 px", two, partial(jpeg, 16, 64, 50, 0)),
        Cell("enlarged by 1.37, 16 x 64 px", two, partial(resized, 16, 64, 1.37)),
        Cell("photographs, 16 x 32 px", two, partial(photo, 16, 32)),
        Cell("photographs, 16 x 128 px", two, partial(photo, 16, 128)),
        Cell("photographs, x3, 16 x 96 px", (3, 3), partial(photo, 16, 96)),
        Cell("photographs, x4, 16 x 96 px", (4, 4), partial(photo, 16, 96)),
    ]
    single = [
        Cell("photographs, x8, 16 x 128 px", (8, 8), partial(photo, 16, 128), trials=150),
        Cell("photographs, 16 x 16 px", two, partial(photo, 16, 16), trials=150),
        Cell("photographs, 64 x 24 px", two, partial(photo, 64, 24), trials=150),
        Cell(
            "network 6 layers, zeros padding, 64 x 32 px",
            two,
            partial(through_network, 64, 32, 6, "zeros"),
            trials=150,
            reach=6,
        ),
        Cell(
            "faint photographs, network 6 layers, zeros padding, 64 x 32 px",
            two,
            partial(faint_through_network, 64, 32, 6),
            trials=150,
            reach=6,
        ),
        *(
            Cell(
                f"faint photographs, network {depth} layers, zeros padding, 32 x 64 px",
                two,
                partial(faint_through_network, 32, 64, depth),
                trials=150,
                reach=reach_of(depth, 64),
            )
            for depth in (12, 24)
        ),
        Cell("tiles: photographs, 1 x 160 px", two, partial(photo, 1, 160), trials=150),
        Cell("tiles: photographs, 4 x 128 px", two, partial(photo, 4, 128), trials=150),
        Cell("tiles: photographs, 8 x 64 px", two, partial(photo, 8, 64), trials=150),
        Cell("tiles: textures, 4 x 128 px", two, partial(texture, 4, 128), trials=150),
        Cell("rows of photographs, 16 x 192 samples", (2,), partial(rows, 16, 192), trials=150),
        Cell("rows of photographs, x4, 16 x 192", (4,), partial(rows, 16, 192), trials=150),
        Cell("1/f, 16 x 1024 samples", (2,), partial(_noise, 16, (1024,), 1), trials=150),
        Cell("1/f volumes, 16 x 24^3", (2, 2, 2), partial(_noise, 16, (24,) * 3, 1), trials=60),
        Cell(
            "JPEG 90, cut on its blocks, 16 x 64 px",
            two,
            partial(jpeg, 16, 64, 90, 1),
            natural=False,
            trials=150,
        ),
        Cell(
            "JPEG 50, cut on its blocks, 16 x 64 px",
            two,
            partial(jpeg, 16, 64, 50, 1),
            natural=False,
            trials=150,
        ),
        Cell(
            "demosaiced green, 16 x 64 px",
            two,
            partial(demosaiced, 16, 64),
            natural=False,
            trials=60,
        ),
        Cell(
            "tiles: photographs as they are, 4 x 128 px",
            two,
            partial(photo, 4, 128, shrunk=False),
            natural=False,
            trials=150,
        ),
    ]
    if pictures.kodak():
        core.append(Cell("Kodak, 16 x 64 px", two, partial(kodak, 16, 64)))
        single.append(Cell("tiles: Kodak, 1 x 192 px", two, partial(kodak, 1, 192), trials=150))
    return core + single
