"""Normalisations that keep the statistics of another pass."""

import pytest
import torch
from torch import nn

from spectra.probe._kept_statistics import KeptStatistics
from support.decoders.faststyle import InstanceNorm


class ByHand(nn.Module):
    """An instance normalisation that writes into its own statistics."""

    def forward(self, x):
        deviation = x.std((2, 3), correction=0, keepdim=True)
        mean = x.mean((-1, -2), keepdim=True)
        deviation += 1e-5
        return (x - mean) / deviation


def randomised(norm):
    for parameter in norm.parameters():
        nn.init.normal_(parameter)
    return norm


NORMS = {
    "instance": lambda: nn.InstanceNorm2d(4),
    "instance, affine": lambda: nn.InstanceNorm2d(4, affine=True),
    "group": lambda: nn.GroupNorm(2, 4),
    "group, plain": lambda: nn.GroupNorm(2, 4, affine=False),
    "layer": lambda: nn.LayerNorm((4, 6, 6)),
    "layer, plain": lambda: nn.LayerNorm((4, 6, 6), elementwise_affine=False),
    "by var_mean": lambda: InstanceNorm(4),
    "by hand": ByHand,
}


@pytest.mark.parametrize("make", NORMS.values(), ids=NORMS)
@torch.no_grad()
def test_the_second_pass_is_affine_in_its_input(make, generator):
    """With kept statistics a normalisation is a x + b, with a and b of the first pass."""
    norm = randomised(make()).eval()
    first, other = torch.randn(2, 3, 4, 6, 6, generator=generator)
    kept = KeptStatistics(2)
    with kept.noting():
        plain = norm(first)
    torch.testing.assert_close(plain, norm(first))
    seen = []
    for x in (first, first + other, first + 2 * other):
        with kept.replaying():
            seen.append(norm(x))
    torch.testing.assert_close(seen[0], plain, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(seen[2] - seen[1], seen[1] - seen[0], rtol=1e-4, atol=1e-4)
    assert not kept.lost
    assert (norm(first + 2 * other) - seen[2]).abs().max() > 0.01


@pytest.mark.parametrize(
    "norm", [nn.BatchNorm2d(4), nn.LayerNorm(6), nn.Softmax(-1)], ids=["batch", "tokens", "softmax"]
)
@torch.no_grad()
def test_what_takes_no_statistics_over_a_map_runs_as_it_is(norm, generator):
    norm.eval()
    first, other = torch.randn(2, 3, 4, 6, 6, generator=generator)
    kept = KeptStatistics(2)
    with kept.noting():
        norm(first)
    with kept.replaying():
        assert torch.equal(norm(other), norm(other))
    with kept.replaying():
        seen = norm(other)
    assert torch.equal(seen, norm(other))


@torch.no_grad()
def test_a_pass_of_other_calls_is_told(generator):
    x = torch.randn(2, 4, 6, 6, generator=generator)
    kept = KeptStatistics(2)
    norm = nn.GroupNorm(2, 4)
    with kept.noting():
        norm(x)
    with kept.replaying():
        norm(x)
        assert not kept.lost
        assert torch.equal(norm(x), norm(x))
    assert kept.lost
