"""Photographs carry what is known of them, and nothing once they are halved by area."""

import numpy as np
import pytest
import skimage.data
from PIL import Image

from spectra.images._picture import look_at
from support.pictures import halved, planes

SHIPPED = {
    "coins": (8, "jpeg", (0, 0)),
    "immunohistochemistry": (8, "jpeg", (3, 5)),
    "page": (8, "jpeg", (0, 0)),
    "rocket": (8, "jpeg", (0, 0)),
    "retina": (8, "jpeg", (0, 0)),
    "chelsea": (8, "jpeg", (0, 0)),
    "moon": (2, "resize", None),
    "coffee": (5, "resize", None),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_pictures_that_scikit_image_ships_carry_grids(name):
    period, cause, origin = SHIPPED[name]
    seen = look_at(planes(getattr(skimage.data, name)()))
    assert (seen.verdict, seen.period, seen.causes[0].id) == ("present", period, cause)
    if origin is not None:
        assert seen.evidence.blocks.origin == origin


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, 13))
def test_kodaks_pictures_carry_a_checkerboard_of_colour_until_halved(data_dir, number):
    file = data_dir / "images" / "kodak" / f"kodim{number:02d}.png"
    picture = np.asarray(Image.open(file).convert("RGB"))
    shipped, clean = look_at(planes(picture)), look_at(planes(halved(picture)))
    assert (shipped.verdict, shipped.period) == ("present", 2)
    assert shipped.evidence.pattern < 0.3
    assert clean.verdict == "none"
