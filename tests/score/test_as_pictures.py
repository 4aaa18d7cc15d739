"""Outputs are read as pictures where they can be, whatever range the inputs have."""

from types import SimpleNamespace

import pytest
import torch

from spectra.score._as_pictures import AsPictures

SHADES = torch.linspace(0, 1, 4096).reshape(1, 1, 64, 64).expand(8, 3, -1, -1)


def read(maps, limits, *, kind="images", inputs=3):
    found = SimpleNamespace(output_shape=maps.shape[1:], control_shape=(inputs, 64, 64))
    rms = float(maps.square().mean().sqrt())
    passed = SimpleNamespace(few=SimpleNamespace(outputs=maps), found=found, output_rms=rms)
    return AsPictures.of(passed, SimpleNamespace(kind=kind, range=limits))


@pytest.mark.parametrize(
    ("maps", "limits", "expected"),
    [
        (SHADES, (0.0, 1.0), (0.0, 1.0)),
        (1.04 * SHADES, (0.0, 1.0), (0.0, 1.0)),  # overshoots
        (2 * SHADES - 1, (-1.0, 1.0), (-1.0, 1.0)),
        (SHADES, (-1.0, 1.0), (0.0, 1.0)),
        (SHADES, (0.0, 255.0), (0.0, 1.0)),
        (2 * SHADES - 1, (0.0, 1.0), (-1.0, 1.0)),
        (255 * SHADES, (0.0, 1.0), (0.0, 255.0)),
        (0.2 * SHADES, (0.0, 1.0), (0.0, 1.0)),  # dark
        (SHADES[:2], (-1.0, 1.0), (-1.0, 1.0)),  # too few to tell
    ],
)
def test_outputs_are_pictures_of_the_range_that_they_fill(maps, limits, expected):
    found = read(maps, limits)
    assert (found.limits, found.far_off) == (expected, False)


@pytest.mark.parametrize(
    ("maps", "limits"),
    [
        (20 * SHADES[:, :1] - 15, (0.0, 1.0)),  # logits
        (200 * SHADES[:, :1], (0.0, 1.0)),  # a depth
        (5 * SHADES - 2, (0.0, 1.0)),  # normalised by mean and deviation
        (0.01 * SHADES, (0.0, 1.0)),
        (300 * SHADES, (0.0, 1.0)),
    ],
)
def test_what_lies_in_no_usual_range_is_no_picture(maps, limits):
    found = read(maps, limits)
    assert (found.limits, found.far_off) == (None, True)


def test_of_inputs_that_are_no_pictures_nothing_is_told():
    assert read(SHADES, (0.0, 1.0), kind="array") == AsPictures()
    assert read(SHADES, None) == AsPictures()
