"""The multiply-adds in the table of model costs, against counts by hand."""

import pytest
import torch
from model_costs import SMALL

from spectra.remedy._cost import _flops

NAFNET = SMALL[0]
UPS = ((32, 16, 8), (16, 8, 16))  # channels before and after, and side of the map before


def multiply_adds(upsampler):
    net = NAFNET.make(upsampler, "cpu")
    return _flops(net, torch.zeros(1, 3, 32, 32), "forward") / 2


@pytest.mark.parametrize(
    ("upsampler", "of_a_step"),
    [
        ("tc2", lambda i, o, n: i * o * 4 * n**2),
        ("tc3", lambda i, o, n: i * 9 * n**2),  # grouped: an input adds to one output
        ("lctc7+3", lambda i, o, n: i * (49 + 9) * n**2),
        ("lctc7+3, dense", lambda i, o, n: i * o * (49 + 9) * n**2),
        ("nearest+conv3", lambda i, o, n: i * o * 9 * (2 * n) ** 2),
    ],
)
def test_networks_differ_by_the_multiply_adds_of_their_upsampling_layers(upsampler, of_a_step):
    published = sum(i * 4 * o * n**2 for i, o, n in UPS)
    expected = sum(of_a_step(*up) for up in UPS) - published
    assert multiply_adds(upsampler) - multiply_adds("published") == expected
