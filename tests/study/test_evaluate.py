"""Evaluation: one sample at a time, clean or attacked."""

import pytest
import torch
from torch import nn

from spectra.attack import AttackSpec
from spectra.data import Augmentation, restoration_photographs, shifted_pairs
from spectra.study import disparity, evaluate, restoration

PATCHES = Augmentation(crop=(32, 32))
PICTURES = restoration_photographs("train").only([0, 3]).varied(PATCHES)


def test_a_model_that_does_nothing_has_the_psnr_of_the_inputs():
    errors = [float((s.input - s.target).double().square().mean()) for s in PICTURES]
    expected = sum(-10 * torch.log10(torch.tensor(e)) for e in errors) / 2
    found = evaluate(restoration(PICTURES, PICTURES), nn.Identity())
    assert found["psnr"] == pytest.approx(float(expected), abs=1e-5)


def test_an_attack_on_a_model_that_does_nothing_adds_its_budget_where_it_hurts():
    """Away from 0 and 1 the error of each value grows by exactly eps."""
    eps = 1 / 255
    found = evaluate(restoration(PICTURES, PICTURES), nn.Identity(), attack=AttackSpec("fgsm", eps))
    squares = [
        float(
            torch.where(
                s.input == s.target,
                0,  # the sign of no error is 0
                (s.input + eps * (s.input - s.target).sign()).clamp(0, 1) - s.target,
            )
            .double()
            .square()
            .mean()
        )
        for s in PICTURES
    ]
    expected = sum(-10 * torch.log10(torch.tensor(e)) for e in squares) / 2
    assert found["psnr"] == pytest.approx(float(expected), abs=1e-3)


def test_a_constant_disparity_has_the_mean_deviation_and_the_mode_stays():
    pairs = shifted_pairs(count=2, size=(20, 30))

    class Constant(nn.Module):
        def forward(self, x):
            assert x.shape[1] == 6
            assert not self.training
            return torch.full((len(x), 1, *x.shape[2:]), 4.0)

    net = Constant().train()
    found = evaluate(disparity(pairs, pairs), net)
    means = [(s.target[s.counted] - 4).abs().double().mean().item() for s in pairs]
    assert found["epe"] == pytest.approx(sum(means) / 2)
    assert net.training
