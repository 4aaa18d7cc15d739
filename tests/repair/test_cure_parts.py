"""What a repair is made of, each part against a closed form or a slow definition."""

import numpy as np
import pytest
import torch
from torch import nn

from spectra.capture import discover
from spectra.repair._cure import Reading, _new_grid, _softer, _still_seen, _unlike
from spectra.repair._descent import Descent
from spectra.repair._fine import filtered, fine_power, near_lattice, sharpness_db
from spectra.repair._level import Entering, level
from spectra.repair._spin import Shifts, Spun
from spectra.repair._white import Coordinates, equally_loud
from spectra.spectrum import plan_maps
from support.planted_places import decoder, inputs


class Quadratic:
    """A value whose least is known: sum of weights times squared distances from a place."""

    def __init__(self):
        self.values = [torch.zeros(3, requires_grad=True), torch.zeros(2, requires_grad=True)]
        self.places = [torch.tensor([1.0, -2.0, 3.0]), torch.tensor([0.5, -0.5])]
        self.weights = [torch.tensor([1.0, 10.0, 100.0]), torch.tensor([3.0, 7.0])]

    def __call__(self):
        total = 0.0
        for value, place, weight in zip(self.values, self.places, self.weights, strict=True):
            apart = value.detach() - place
            value.grad = 2 * weight * apart
            total += float((weight * apart.square()).sum())
        return total


def test_a_descent_finds_the_least_and_one_that_was_stopped_takes_the_same_points():
    whole, first, second = Quadratic(), Quadratic(), Quadratic()
    once = Descent(whole.values, whole)
    for _ in range(9):
        once.step()
    once.finish()
    assert torch.allclose(whole.values[0], whole.places[0], atol=1e-2)

    begun = Descent(first.values, first)
    for _ in range(4):
        begun.step()
    going_on = Descent(second.values, second)
    going_on.load(begun.state())
    for _ in range(5):
        going_on.step()
    going_on.finish()
    assert going_on.history == once.history
    assert all(torch.equal(a, b) for a, b in zip(whole.values, second.values, strict=True))


def test_levelled_phases_are_equally_loud_for_what_enters_the_places_and_keep_their_power():
    torch.manual_seed(0)
    layer = nn.ConvTranspose2d(3, 2, 4, stride=2, padding=1, bias=False).double()
    v = torch.tensor([1.0, 2.0, -1.0], dtype=torch.float64)
    everywhere = torch.eye(3, dtype=torch.float64) + torch.outer(v, v) / 10
    constant = v[None, :, None, None].expand(1, 3, 12, 12)
    with torch.no_grad():
        before = layer(constant)[0, :, 4:-4, 4:-4]
        assert level(layer, Entering(everywhere, torch.outer(v, v)))
        after = layer(constant)[0, :, 4:-4, 4:-4]
    assert float(before.var((1, 2)).min()) > 1e-4
    assert float(after.var((1, 2)).max()) < 1e-12
    assert torch.allclose(after.square().mean((1, 2)), before.square().mean((1, 2)))


def test_levelling_changes_nothing_for_what_is_apart_from_the_places():
    torch.manual_seed(0)
    layer = nn.ConvTranspose2d(2, 2, 4, stride=2, padding=1, bias=False).double()
    v = torch.tensor([1.0, 0.0], dtype=torch.float64)
    other = torch.tensor([0.0, 1.0], dtype=torch.float64)[None, :, None, None].expand(1, 2, 9, 9)
    with torch.no_grad():
        before = layer(other)
        level(layer, Entering(torch.diag(torch.tensor([1.0, 4.0])).double(), torch.outer(v, v)))
        assert torch.allclose(layer(other), before, atol=1e-12)


def test_a_grouped_step_is_not_levelled():
    layer = nn.ConvTranspose2d(4, 4, 4, stride=2, padding=1, groups=2)
    eye = torch.eye(4, dtype=torch.float64)
    assert not level(layer, Entering(eye, eye))


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_spinning_an_enlargement_makes_it_the_same_at_all_phases(mode):
    """The mean over shifts by fractions of a pixel is one filter: a constant phase response."""
    net = nn.Upsample(scale_factor=2, mode=mode)
    n = np.arange(48)
    wave = np.cos(2 * np.pi * 6 / 48 * n)
    x = torch.from_numpy(np.outer(wave, wave).astype(np.float32))[None, None]
    shifts = Shifts.of(discover(net, x))
    assert shifts.passes == 4

    def replica(y):
        power = np.abs(np.fft.fft2(y[0, 0, 24:72, 24:72].numpy())) ** 2
        return power[21, 21] / power[3, 3]  # at 1/2 - 1/16, over what entered at 1/16

    with torch.no_grad():
        before, after = replica(net(x)), replica(Spun(net, shifts)(x))
    assert after < before * 1e-3


def test_a_shifted_model_of_a_stride_gives_the_same_picture_back():
    """Identity after a stride that loses nothing: shifts are undone exactly."""
    net = nn.Sequential(nn.PixelUnshuffle(2), nn.PixelShuffle(2))
    x = torch.rand(2, 3, 24, 24, generator=torch.Generator().manual_seed(0))
    shifts = Shifts((2, 2), whole=True, scale=((1, 1), (1, 1)), multiple=(2, 2))
    with torch.no_grad():
        assert torch.allclose(Spun(net, shifts)(x), x, atol=1e-6)


def test_what_lies_near_the_lattice_passes_and_the_base_band_does_not():
    near = near_lattice((64, 64), plan_maps((1, 64, 64), (2, 2), count=16))
    y, x = np.mgrid[:64, :64]
    board = torch.from_numpy((-1.0) ** (y + x))[None, None].float()
    slow = torch.from_numpy(np.cos(2 * np.pi * x / 16))[None, None].float()
    assert torch.allclose(filtered(board, near), board, atol=1e-5)
    assert float(filtered(slow, near).abs().max()) < 1e-2


def test_detail_that_is_halved_is_told_as_six_decibels():
    generator = torch.Generator().manual_seed(0)
    old = torch.randn(12, 1, 48, 48, generator=generator)
    assert sharpness_db(old / 2, old, [(2, 2)]) == pytest.approx(-6.02, abs=0.05)
    assert sharpness_db(old, old, [(2, 2)]) == 0


def test_a_blur_in_half_of_the_pixels_is_half_of_the_detail():
    """Blurred until nothing fine is left there: 10 lg of the half that is as it was."""
    old = torch.randn(12, 1, 48, 96, generator=torch.Generator().manual_seed(0))
    new = old.clone()
    new[..., :48] = 0
    assert sharpness_db(new, old, [(2, 2)]) == pytest.approx(-3.01, abs=0.1)


@pytest.mark.parametrize("place", [0.2, 0.4])
def test_the_unbroken_decoder_has_lost_no_detail(place):
    """Its grid stood in a seventh of the pixels, and was most of what was fine there."""
    x = inputs()
    with torch.no_grad():
        old, truth = decoder(place=place)(x), decoder()(x)
    everywhere = torch.ones(len(x), *old.shape[2:])
    fine = [fine_power(maps, (2, 2), everywhere) for maps in (truth, old)]
    assert abs(sharpness_db(truth, old, [(2, 2)])) < 0.4
    if place == 0.4:
        assert fine[0] < 0.8 * fine[1]


def test_parameters_are_equally_loud_in_their_units():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(2, 4, 3), nn.Conv2d(4, 1, 3))
    net[1].weight.data *= 1000
    x = torch.rand(2, 2, 16, 16)
    free = [Coordinates(p) for p in net.parameters()]
    with torch.no_grad():
        equally_loud(free, lambda: net(x))
        start, generator = net(x), torch.Generator().manual_seed(1)
        heard = []
        for c in free:
            direction = torch.randn(c.values.shape, generator=generator)
            c.values.data.copy_(1e-4 * direction / direction.norm())
            c.put()
            heard.append(float((net(x) - start).square().mean().sqrt()))
            c.values.data.zero_()
            c.put()
    assert max(heard) < 5 * min(heard)  # random directions differ; plainly it is a thousandfold


@pytest.mark.parametrize(
    ("before", "after", "fell", "missing"),
    [
        ("strong", "visible", True, True),
        ("strong", "faint", True, False),
        ("visible", "none", True, False),
        ("none", "none", True, False),
        ("faint", "faint", False, True),
        ("visible", "insufficient", True, True),
    ],
)
def test_severity_is_enough_where_nobody_sees_it_or_two_words_are_gone(
    before, after, fell, missing
):
    readings = (Reading(word, -20.0, "none") for word in (before, after))
    assert bool(_still_seen(*readings, fell=fell)) is missing


def test_fidelity_needs_forty_decibels_or_ten_more_than_the_old_output_has():
    assert not _unlike(40.0, 35.0)
    assert not _unlike(33.0, 22.0)
    assert _unlike(39.0, 30.0)
    assert not _unlike(None, 30.0)


def test_softer_and_harder_detail_and_new_places_are_told():
    assert not _softer(-0.4)
    assert "softer by 0.6 dB" in _softer(-0.6)[0]
    assert "harder" in _softer(0.6)[0]
    assert not _new_grid(0.08, 0.01, 0.0)
    assert "worse" in _new_grid(0.02, 0.08, 0.0)[0]
    assert "come up where there was none" in _new_grid(0.08, 0.05, 0.02)[0]
