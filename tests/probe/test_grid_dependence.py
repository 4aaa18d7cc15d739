"""What changes when the picture moves on the grid has closed forms in simple cases."""

from fractions import Fraction
from math import cos, log10, pi, tan

import numpy as np
import pytest
import torch
from torch import nn

from spectra.probe._grid_dependence import grid_dependence


@pytest.fixture
def pictures(generator):
    noise = torch.rand(2, 3, 156, 156, generator=generator)
    return 255 * nn.functional.avg_pool2d(noise, 5, 1, 2)


class OffsetOnOnePhase(nn.Module):
    """Identity, but for grey levels added to one phase of a 4x4 grid."""

    def __init__(self, grey):
        super().__init__()
        self.grey = grey

    def forward(self, x):
        x = x.clone()
        x[..., 1::4, 2::4] += self.grey
        return x


@pytest.mark.parametrize("grey", [0.1, 1.0, 5.0])
def test_an_offset_on_one_phase_reads_its_closed_form(grey, pictures):
    """Each pixel is hit by one of 16 offsets, so its variance over them is grey^2 / 16."""
    result = grid_dependence(
        OffsetOnOnePhase(grey), pictures, total_stride=(4, 4), scale=(Fraction(1), 1.0)
    )
    inner = slice(31, -31)  # the compared interior, to within a pixel or two
    variance = np.mean(1 / pictures[..., inner, inner].double().numpy().var((2, 3)).mean(0))
    expected = 10 * log10(grey**2 / 16 * variance)
    assert result.dbc == pytest.approx(expected, abs=0.1)
    assert "all 16 offsets" in result.how


def test_a_shift_equivariant_model_depends_on_nothing(pictures):
    model = nn.Sequential(nn.Conv2d(3, 8, 5, padding=2), nn.ReLU(), nn.Conv2d(8, 3, 5, padding=2))
    result = grid_dependence(model, pictures, total_stride=(4, 4), scale=(1, 1))
    assert (result.dbc or -200) < -100
    assert result.dbc is not None or result.reason == "nothing changes with the offset"


def test_blurring_before_reducing_lowers_the_dependence(pictures):
    def decoder(down):
        return nn.Sequential(down, nn.Upsample(scale_factor=2, mode="bilinear"))

    strided = decoder(nn.MaxPool2d(1, stride=2))
    blurred = decoder(nn.AvgPool2d(2))
    where = {"total_stride": (2, 2), "scale": (1, 1)}
    before, after = (grid_dependence(m, pictures, **where).dbc for m in (strided, blurred))
    assert after < before - 1


def test_offsets_are_sampled_by_seed_and_the_result_says_so(pictures):
    runs = [
        grid_dependence(
            OffsetOnOnePhase(1.0), pictures, total_stride=(4, 4), scale=(1, 1), offsets=5, seed=s
        )
        for s in (1, 1, 2)
    ]
    assert runs[0] == runs[1]
    assert "5 of 16 offsets, at random (seed 1)" in runs[0].how
    assert runs[0] != runs[2]


@pytest.mark.parametrize(
    ("mode", "factor", "expected"),
    [
        ("nearest", 2, 20 * log10(tan(pi / 8))),
        ("linear", 2, 60 * log10(tan(pi / 8))),
        (
            "nearest",
            3,
            10
            * log10(
                sum((1 + 2 * cos(2 * pi * f)) ** 2 for f in (5 / 12, 9 / 12))
                / (1 + 2 * cos(2 * pi / 12)) ** 2
            ),
        ),
    ],
)
def test_a_tone_through_an_interpolation_reads_its_replicas(mode, factor, expected):
    """A tone at 1/4 and its replicas pass the gain of the kernel at (1/4 + k) / factor."""
    tone = torch.cos(2 * pi * torch.arange(240.0) / 4 + 0.3)[None, None]
    result = grid_dependence(
        nn.Upsample(scale_factor=factor, mode=mode), tone, total_stride=(1,), scale=(factor,)
    )
    assert result.dbc == pytest.approx(expected, abs=0.02)
    assert "sub-sample" in result.how
    assert f"all {factor} offsets" in result.how


@pytest.mark.parametrize("d", [2, 3])
def test_in_more_dimensions_a_tone_along_one_axis_reads_the_same(d):
    n = 96 if d == 2 else 48
    tone = torch.cos(2 * pi * torch.arange(n) / 4).expand(1, 1, *[n] * d)
    model = nn.Upsample(scale_factor=2)
    result = grid_dependence(model, tone, total_stride=(1,) * d, scale=(2,) * d)
    assert result.dbc == pytest.approx(20 * log10(tan(pi / 8)), abs=0.2)  # n is small


def test_detail_that_moves_with_the_scene_is_not_charged():
    """Ideal interpolation, by zero-padding the spectrum, moves as the scene does."""

    class Ideal(nn.Module):
        def forward(self, x):
            n = x.shape[-1]
            return torch.fft.irfft(2 * torch.fft.rfft(x), n=2 * n)

    signal = torch.randn(1, 1, 128, generator=torch.Generator().manual_seed(0))
    result = grid_dependence(Ideal(), signal, total_stride=(1,), scale=(2,))
    assert result.dbc is None or result.dbc < -100


@pytest.mark.parametrize(
    ("shape", "stride", "scale", "reason"),
    [
        ((2, 3), (), (), "no spatial input"),
        ((2, 3, 1, 1), (1, 1), (64, 64), "no spatial input"),
        ((2, 3, 20, 20), (8, 8), (1, 1), "20x20 pixels are too small"),
        ((2, 3, 16, 16), (1, 1), (2, 2), "16x16 pixels are too small"),
        ((2, 3, 64, 64), (1, 1), (1, 1), "neither enlarges"),
        ((2, 3, 128, 128), (4, 4), (), "share no grid"),
        ((2, 3, 128, 128), (4, 4), (0.25, 0.25), "no offset falls on whole pixels"),
    ],
)
def test_where_there_is_no_number_there_is_a_reason(shape, stride, scale, reason):
    result = grid_dependence(nn.Identity(), torch.rand(shape), total_stride=stride, scale=scale)
    assert result.dbc is None
    assert reason in result.reason


def test_a_constant_output_has_no_number(pictures):
    class Constant(nn.Module):
        def forward(self, x):
            return torch.full_like(x, 3.0)

    result = grid_dependence(Constant(), pictures, total_stride=(2, 2), scale=(1, 1))
    assert (result.dbc, result.reason) == (None, "the output is constant")


def test_an_output_that_keeps_nothing_is_not_called_constant(pictures):
    """A grid phase drawn afresh at each place: its mean over all of them is flat."""

    class Phase(nn.Module):
        def forward(self, x):
            y, x_ = (torch.arange(n) % 2 for n in x.shape[2:])
            return (1.0 - 2.0 * ((y[:, None] + x_) % 2)).expand_as(x).clone()

    result = grid_dependence(Phase(), pictures, total_stride=(2, 2), scale=(1, 1))
    assert (result.dbc, result.reason) == (None, "nothing of the output stays as it was")


def test_a_model_that_fails_on_the_crops_says_why(pictures):
    result = grid_dependence(nn.Conv2d(4, 1, 1), pictures, total_stride=(2, 2), scale=(1, 1))
    assert result.dbc is None
    assert "Conv2d" in result.reason


def test_a_scene_that_is_moved_stays_in_the_range_of_the_inputs():
    """Black and white stripes overshoot between their pixels; a channel that is flat stays so."""
    stripes = (torch.arange(96) % 8 < 4).float().expand(1, 96, 96)
    inputs = torch.stack([torch.cat([stripes, stripes.mT, torch.full((1, 96, 96), 0.3)])] * 2)
    seen = []

    class Watched(nn.Module):
        def forward(self, x):
            seen.append(x.clone())
            return nn.functional.interpolate(x, scale_factor=2)

    result = grid_dependence(Watched(), inputs, total_stride=(1, 1), scale=(2, 2))
    assert result.dbc is not None
    assert len(seen) == 5  # the inputs themselves, and four offsets
    moved = torch.stack(seen[1:])
    assert moved.min() >= -1e-5
    assert moved.max() <= 1 + 1e-5
    assert moved[:, :, :2].std() > 0.25  # some contrast is lost, not all of it
    assert torch.allclose(moved[:, :, 2], torch.tensor(0.3), atol=1e-5)


@pytest.mark.parametrize(
    ("gain", "reason"),
    [(100.0, "times as large as the inputs themselves do"), (float("nan"), "NaN or infinite")],
)
def test_what_a_model_does_beyond_usual_outputs_tells_nothing(gain, reason):
    """It is as it should be on crisp pictures, and blows up on smoothed ones."""

    class Fragile(nn.Module):
        def forward(self, x):
            crisp = bool((x.frac() == 0).all())
            return nn.functional.interpolate(x * (1.0 if crisp else gain), scale_factor=2)

    crisp = (torch.arange(64.0) % 8 < 4).float().expand(1, 1, 64, 64)
    result = grid_dependence(Fragile(), crisp, total_stride=(1, 1), scale=(2, 2))
    assert result.dbc is None
    assert reason in result.reason
