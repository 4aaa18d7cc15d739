"""One picture through a model, clean and attacked."""

import pytest
import torch
from torch import nn

from spectra.errors import InputError
from spectra.study import restored

EPS = 8 / 255


class Gain(nn.Module):
    """Multiply by a number: what an attack does to it is known in closed form."""

    def __init__(self, gain):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(gain))

    def forward(self, x):
        assert not self.training
        return self.gain * x


@pytest.fixture
def picture(generator):
    return torch.rand(3, 6, 5, generator=generator)


@pytest.mark.parametrize("gain", [2.0, -0.5])
def test_a_gain_is_attacked_to_the_border_of_the_ball(picture, gain):
    """The output moves away from a target of 0: up where it is positive, down where negative."""
    made = restored(Gain(gain), picture, "fgsm:eps=8/255", target=torch.zeros(3, 6, 5))
    changed = (picture + EPS).clamp(0, 1)
    torch.testing.assert_close(made.attacked_input, changed, rtol=0, atol=1e-7)
    torch.testing.assert_close(made.clean, gain * picture, rtol=0, atol=0)
    torch.testing.assert_close(made.attacked, gain * changed, rtol=0, atol=1e-6)


def test_without_a_target_the_output_is_driven_from_the_clean_one(picture):
    """From a random start, each value ends at the side of the ball that it started from."""
    made = restored(Gain(3.0), picture, "pgd:eps=8/255,alpha=8/255,steps=3")
    moved = made.attacked_input - picture
    inside = (picture > EPS) & (picture < 1 - EPS)
    torch.testing.assert_close(
        moved.abs()[inside], torch.full_like(moved[inside], EPS), rtol=0, atol=1e-6
    )
    assert 0.2 < float((moved > 0).float().mean()) < 0.8


def test_the_number_of_a_picture_decides_its_start(picture):
    first, again, second = (
        restored(Gain(1.0), picture, "pgd:steps=1", number=number).attacked_input
        for number in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, second)


def test_bounds_scale_the_budget(picture):
    made = restored(
        Gain(1.0),
        2 * picture - 1,
        "fgsm:eps=8/255",
        target=torch.full((3, 6, 5), -9.0),
        bounds=(-1.0, 1.0),
    )
    changed = (2 * picture - 1 + 2 * EPS).clamp(-1, 1)
    torch.testing.assert_close(made.attacked_input, changed, rtol=0, atol=1e-6)


def test_the_model_stays_in_its_mode_and_without_gradients(picture):
    model = Gain(2.0).train()
    restored(model, picture, "pgd:steps=1")
    assert model.training
    assert model.gain.grad is None


def test_a_target_of_another_size_is_refused(picture):
    with pytest.raises(InputError):
        restored(Gain(2.0), picture, "pgd", target=torch.zeros(3, 4, 4))
