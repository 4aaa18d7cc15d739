"""What a network adds to its input, and how much that is."""

import pytest
import torch
from torch import nn

from spectra.study._correction import Correction, correction_power_db, correction_score


class Added(nn.Module):
    """A picture with a board of a tenth of its contrast on it."""

    def __init__(self):
        super().__init__()
        self.down = nn.AvgPool2d(2)
        self.up = nn.ConvTranspose2d(3, 3, 2, stride=2, bias=False, groups=3)
        with torch.no_grad():
            self.up.weight.copy_(torch.tensor([[0.1, -0.1], [-0.1, 0.1]]).expand(3, 1, 2, 2))

    def forward(self, x):
        return x + self.up(self.down(x))


@pytest.fixture
def pictures(generator):
    return torch.rand(16, 3, 32, 32, generator=generator)


def test_the_correction_is_the_output_less_the_input(pictures):
    model = Added().eval()
    expected = model.up(model.down(pictures))
    torch.testing.assert_close(Correction(model)(pictures), expected, atol=1e-6, rtol=0)


def test_its_power_is_over_the_variance_of_the_pictures(pictures):
    """Of a tenth of 2x2 means, whose mean square is 1/4 + 1/12/4; pictures have 1/12."""
    expected = 10 * torch.log10(torch.tensor(0.01 * (1 / 4 + 1 / 48) * 12))
    assert correction_power_db(Added().eval(), pictures) == pytest.approx(float(expected), abs=0.1)
    assert correction_power_db(nn.Identity(), pictures) is None


def test_a_grid_that_the_picture_hides_is_all_of_the_correction(pictures):
    score = correction_score(Added().eval(), pictures)
    assert score.verdict == "present"
    assert (score.asr_dbc or score.asr_lower_dbc) > 10
