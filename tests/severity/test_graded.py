"""The word of whole runs: grids of colour are not called unseen because only luma is seen."""

import pytest
import skimage.data
import torch
from PIL import Image
from torch import nn

import spectra

GREY = torch.tensor([1.0, 1.0, 1.0])
RED_GREEN = torch.tensor([1.0, -0.2126 / 0.7152, 0.0])  # near enough without luma


class Board(nn.Module):
    """Enlarges twice, bilinearly, and adds a checkerboard of one colour."""

    def __init__(self, colour):
        super().__init__()
        self.up = nn.Upsample(scale_factor=2, mode="bilinear")
        self.colour = colour.reshape(3, 1, 1)

    def forward(self, x):
        x = 0.2 + 0.6 * self.up(x)
        rows, columns = (torch.arange(n) for n in x.shape[-2:])
        return x + 0.06 * self.colour * (-1.0) ** (rows[:, None] + columns)


@pytest.fixture
def pictures(tmp_path):
    whole = skimage.data.astronaut()
    for i in range(12):
        y, x = 96 * (i // 4), 96 * (i % 4)
        Image.fromarray(whole[y : y + 64, x : x + 64]).save(tmp_path / f"{i}.png")
    return tmp_path


@pytest.mark.parametrize(("colour", "by"), [(GREY, "visibility"), (RED_GREEN, "yardstick")])
def test_a_board_of_colour_is_judged_by_yardstick_and_one_of_grey_by_sight(colour, by, pictures):
    summary = spectra.analyze(Board(colour), pictures, options=spectra.Options(blame=False)).summary
    severity = summary.severity
    assert summary.verdict == "present"
    assert severity.by == by
    assert severity.word in ("visible", "strong")
    assert (severity.chromatic > 0) == (by == "yardstick")
    assert severity.visibility[1] >= 1 or by == "yardstick"  # what is seen of colour is its luma
