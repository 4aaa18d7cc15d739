"""How long the answer takes, as a multiple of decoding the same PNG files."""

from __future__ import annotations

import io
import time

import numpy as np
from PIL import Image

from images.kinds import jpeg, resized
from images.scenes import SEED, dead_leaves
from spectra.images._jpeg import JpegFile, standard_table
from spectra.images._picture import look_at
from spectra.images._spectrum import tile_spectrum
from spectra.images._votes import luma_of

SIDE, PICTURES, ROUNDS = 512, 6, 5


def ratios() -> dict[str, float]:
    """Return the time of each part over that of decoding, the least of five rounds."""
    rng = np.random.default_rng(SEED)
    clean = [dead_leaves(rng, SIDE) for _ in range(PICTURES)]
    cases = {
        "clean": clean,
        "JPEG 85": [jpeg(picture, rng, quality=85) for picture in clean],
        "enlarged by 2": [
            resized(picture[: SIDE // 2, : SIDE // 2], rng, factor=2, how="bicubic")
            for picture in clean
        ],
    }
    found = {}
    for name, pictures in cases.items():
        files = [_png(picture) for picture in pictures]
        planes = [np.ascontiguousarray(np.moveaxis(p, -1, 0), np.float32) for p in pictures]
        decoding = _least(lambda files=files: [_decoded(file) for file in files])
        found[f"{name}: spectrum"] = (
            _least(lambda planes=planes: [tile_spectrum(luma_of(p)) for p in planes]) / decoding
        )
        found[f"{name}: whole answer"] = (
            _least(lambda planes=planes: [look_at(p) for p in planes]) / decoding
        )
        if name == "JPEG 85":  # with the tables of its file, whose quality is not to be guessed
            file = JpegFile(85, exact=True, luma=standard_table(85))
            seen = _least(lambda planes=planes, file=file: [look_at(p, file=file) for p in planes])
            found[f"{name}, from its file: whole answer"] = seen / decoding
    return found


def _png(picture):
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def _decoded(file):
    return np.asarray(Image.open(io.BytesIO(file)))


def _least(run):
    run()
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return min(times)
