"""Scenes without a grid: photographs halved by area, dead leaves, noise, and what repeats itself.

None of these pictures and seeds was looked at while constants were chosen: those were set on
Kodak 1, 3, 5 and 8 and on astronaut, camera, chelsea, coffee, brick, grass and gravel.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("SPECTRA_DATA") or ROOT.parent / "shared" / "data")
KODAK = (2, 4, 6, 7, 9, 10, 11, 12)
SEED = 20_000


def levels(picture):
    """Return a picture in whole grey levels, uint8."""
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)


def halved(picture):
    """Return a picture averaged over 2x2 pixels."""
    height, width = (side // 2 * 2 for side in picture.shape[:2])
    blocks = picture[:height, :width].astype(float).reshape(height // 2, 2, width // 2, 2, -1)
    return levels(blocks.mean((1, 3)))


@cache
def photographs():
    """Return photographs of known history, each halved by area: 8 of Kodak, 1 of scikit-image."""
    found = []
    for number in KODAK:
        path = DATA / "images" / "kodak" / f"kodim{number:02d}.png"
        if path.exists():
            found.append(halved(np.asarray(Image.open(path).convert("RGB"))))
    import skimage.data

    found.append(halved(skimage.data.stereo_motorcycle()[0]))
    return found


def dead_leaves(rng, side):
    """Return textured discs of power-law size that hide each other, as things in scenes do."""
    picture = np.zeros((side, side, 3))
    for radius in np.sort(4 / rng.uniform(0.004, 1, max(60, side // 2)) ** 0.7)[::-1]:
        at = rng.uniform(-radius / 2, side + radius / 2, 2)
        low, high = (np.clip(np.round(at + s * radius), 0, side).astype(int) for s in (-1, 1))
        part = picture[low[0] : high[0], low[1] : high[1]]
        y, x = np.ogrid[low[0] : high[0], low[1] : high[1]]
        inside = (y - at[0]) ** 2 + (x - at[1]) ** 2 < radius**2
        texture = rng.normal(0, rng.uniform(0, 12), (int(inside.sum()), 1))
        part[inside] = rng.uniform(20, 235, 3) + texture
    soft = ndimage.gaussian_filter(picture, (rng.uniform(0.3, 0.8),) * 2 + (0,))
    return levels(soft + rng.normal(0, rng.uniform(0.5, 3), soft.shape))


@cache
def scenes(side, number):
    """Return scenes of one size: every photograph that is large enough, then dead leaves."""
    rng = np.random.default_rng(SEED + side)
    found = []
    for picture in photographs() if side <= 256 else ():
        height, width = picture.shape[:2]
        if min(height, width) >= side:
            top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
            found.append(picture[top : top + side, left : left + side])
    return (found + [dead_leaves(rng, side) for _ in range(number)])[:number]


def noise(rng):
    """Return white noise."""
    return levels(rng.normal(128, 25, (256, 256, 3)))


def long_edges(rng):
    """Return fourteen edges along each axis over the whole picture."""
    picture = 128 + rng.normal(0, 2, (480, 480, 3))
    for _ in range(14):
        picture[:, rng.integers(10, 470) :] += rng.normal(0, 25)
        picture[rng.integers(10, 470) :] += rng.normal(0, 25)
    return levels(picture)


def leaves(rng):
    """Return dead leaves."""
    return dead_leaves(rng, 320)


def _letters(rng, length):
    alphabet = [*range(97, 123), *[32] * 6]
    return "".join(chr(int(code)) for code in rng.choice(alphabet, length))


def page(rng):
    """Return a page of text with lines of a whole number of pixels."""
    image = Image.new("L", (480, 640), 255)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(int(rng.integers(11, 24)))
    step, y = int(rng.integers(14, 32)), int(rng.integers(8, 40))
    while y < 620:
        draw.text((20 + int(rng.integers(0, 9)), y), _letters(rng, 60), fill=0, font=font)
        y += step
    grey = np.asarray(image) * 0.9 + rng.normal(0, 2, (640, 480)) + 10
    return levels(np.repeat(grey[..., None], 3, 2))


def screenshot(rng):
    """Return boxes and texts on a plain ground, as screens show them."""
    image = Image.new("RGB", (640, 480), tuple(int(v) for v in rng.integers(220, 256, 3)))
    draw = ImageDraw.Draw(image)
    for _ in range(rng.integers(3, 9)):
        x, y, w, h = (int(v) for v in (*rng.integers(0, 400, 2), *rng.integers(20, 240, 2)))
        fill, edge = (tuple(int(v) for v in rng.integers(0, 256, 3)) for _ in range(2))
        draw.rectangle([x, y, x + w, y + h], fill=fill, outline=edge)
    for _ in range(rng.integers(2, 6)):
        font, step = ImageFont.load_default(int(rng.integers(10, 22))), int(rng.integers(14, 32))
        x, y = (int(v) for v in rng.integers(0, 240, 2))
        for line in range(rng.integers(4, 16)):
            draw.text((x, y + line * step), _letters(rng, 40), fill=(40, 40, 40), font=font)
    return np.asarray(image)


def facade(rng):
    """Return windows of a period that is no whole number of pixels."""
    y, x = np.mgrid[:480, :640]
    (px, py), (ox, oy) = rng.uniform(18, 60, 2), rng.uniform(0, 60, 2)
    windows = ((x + ox) % px < px * rng.uniform(0.4, 0.7)) & (
        (y + oy) % py < py * rng.uniform(0.4, 0.7)
    )
    shade = ndimage.gaussian_filter(rng.normal(0, 1, windows.shape), 8) * 200
    grey = ndimage.gaussian_filter(np.where(windows, 60.0, 170.0) + shade, 0.7)
    return levels(np.repeat((grey + rng.normal(0, 3, grey.shape))[..., None], 3, 2))


def bricks(rng):
    """Return bricks drawn on whole pixels, along both axes."""
    px, py = int(rng.integers(20, 60)), int(rng.integers(8, 24))
    y, x = np.mgrid[:480, :480]
    joints = ((x + (y // py % 2) * (px // 2)) % px < 2) | (y % py < 2)
    grey = ndimage.gaussian_filter(np.where(joints, 200.0, 120.0), 0.6)
    return levels(np.repeat((grey + rng.normal(0, 6, grey.shape))[..., None], 3, 2))


def moire(rng):
    """Return a real texture of which every second to fourth pixel was kept: folded, not gridded."""
    import skimage.data

    texture = getattr(skimage.data, str(rng.choice(["brick", "grass", "gravel"])))()
    step = int(rng.integers(2, 5))
    part = [slice(int(rng.integers(step)), None, step) for _ in range(2)]
    grey = np.rot90(texture[tuple(part)], int(rng.integers(4))).astype(float)
    side = min(grey.shape) - int(rng.integers(1, 9))
    grey = grey[:side, :side]
    return levels(np.repeat((grey + rng.normal(0, 1, grey.shape))[..., None], 3, 2))


NULLS = {
    "white noise": noise,
    "dead leaves": leaves,
    "fourteen edges along each axis": long_edges,
    "pages of text": page,
    "screenshots": screenshot,
    "façades": facade,
    "bricks drawn on the pixels": bricks,
    "moire of real textures": moire,
}
