"""How much each pixel counts."""

import math
from math import e

import pytest
import torch

from spectra.attack import AttackSpec
from spectra.attack._weights import is_always_one, pixel_weights


def test_segpgd_weighs_right_pixels_less_from_step_to_step_until_they_are_even():
    spec = AttackSpec("segpgd", steps=4, loss="cross_entropy")
    output = torch.tensor([[[[2.0, 0.0]], [[1.0, 3.0]]]])  # classes 0 and 1
    labels = torch.tensor([[[0, 0]]])  # right, wrong
    found = [pixel_weights(spec, output, labels, step=t).flatten().tolist() for t in range(4)]
    assert found == [[1, 0], [0.875, 0.125], [0.75, 0.25], [0.625, 0.375]]
    swapped = AttackSpec("segpgd", steps=4, loss="cross_entropy", targeted=True)
    assert pixel_weights(swapped, output, labels, step=1).flatten().tolist() == [0.125, 0.875]


def test_cospgds_weight_is_the_cosine_of_softmax_and_one_hot():
    spec = AttackSpec("cospgd", loss="cross_entropy")
    p = torch.tensor([0.6, 0.3, 0.1])
    output = p.log().reshape(1, 3, 1, 1)
    for label in range(3):
        weight = pixel_weights(spec, output, torch.full((1, 1, 1), label), step=0)
        assert float(weight) == pytest.approx(float(p[label] / p.norm()), rel=1e-6)
        towards = AttackSpec("cospgd", loss="cross_entropy", targeted=True)
        away = pixel_weights(towards, output, torch.full((1, 1, 1), label), step=0)
        assert float(away) == pytest.approx(1 - float(weight), rel=1e-5)


def test_an_ignored_pixel_weighs_nothing():
    """Elsewhere it is taken for the last class and weighs some .5, harmless as its loss is 0."""
    for psi in ("channels", "sigmoid"):
        spec = AttackSpec("cospgd", loss="cross_entropy", psi=psi)
        output = torch.randn(1, 4, 3, 3, generator=torch.Generator().manual_seed(0))
        weight = pixel_weights(spec, output, torch.full((1, 3, 3), 255), step=0)
        assert (weight == 0).all()


def test_the_cosine_of_one_channel_is_one_by_softmax_and_not_by_the_others(generator):
    output, target = (torch.randn(1, 1, 6, 6, generator=generator) for _ in range(2))
    for psi, always in (("channels", True), ("rows", False), ("sigmoid", False)):
        spec = AttackSpec("cospgd", loss="epe", psi=psi)
        weight = pixel_weights(spec, output, target, step=0)
        weight = torch.as_tensor(weight).expand(1, 6, 6)
        assert is_always_one(spec, 1) is always
        assert bool(torch.allclose(weight, torch.ones(()))) is always


def test_the_cosine_of_colours_is_nearly_one(generator):
    """So CosPGD on pictures in 0..1 is nearly PGD; red against cyan has the least cosine."""
    output, target = (torch.rand(4, 3, 64, 64, generator=generator) for _ in range(2))
    weight = pixel_weights(AttackSpec("cospgd"), output, target, step=0)
    least = 3 * e / math.sqrt((e**2 + 2) * (2 * e**2 + 1))
    assert least <= float(weight.min()) < float(weight.max()) <= 1 + 1e-6
    assert float(weight.mean()) == pytest.approx(0.95, abs=0.01)


def test_the_rows_of_a_map_share_one_weight(generator):
    output, target = (torch.randn(2, 6, 5, generator=generator) for _ in range(2))
    weight = pixel_weights(AttackSpec("cospgd", loss="epe", psi="rows"), output, target, step=0)
    assert weight.shape == (2, 1, 5)
    ours, theirs = output.softmax(1), target.softmax(1)
    expected = (ours * theirs).sum(1) / (ours.norm(dim=1) * theirs.norm(dim=1))
    assert torch.allclose(weight[:, 0], expected)
