"""The LCTC against its definition, PyTorch's own operations, and the bound of its size."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from oracles import transposed_by_definition
from spectra.errors import ParameterError
from spectra.kernel import attainable_bound, rejection_db
from spectra.kernel._polyphase import phase_gains
from spectra.remedy import LCTC
from spectra.remedy._remedy import scaled_size

WHITE_REJECTION = 10 * np.log10(1 / 3)  # one base band and three replicas, all equally strong


def double(layer):
    return layer.double().eval()


@given(
    factor=st.integers(2, 5),
    more=st.integers(0, 15),
    small=st.none() | st.integers(0, 4),
    size=st.integers(1, 4),
    axes=st.integers(1, 3),
    edge=st.integers(0, 1),
)
def test_the_output_is_exactly_factor_times_the_input(factor, more, small, size, axes, edge):
    beside = None if small is None else factor + small
    layer = LCTC(1, 1, factor + more, small=beside, factor=factor, axes=axes, edge=edge)
    assert layer(torch.zeros(1, 1, *[size] * axes)).shape == (1, 1, *[size * factor] * axes)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(("size", "small", "groups"), [(7, 3, 1), (7, 3, 2), (6, 3, 4), (4, 5, 2)])
def test_the_two_kernels_add_up_tap_by_tap(rng, axes, size, small, groups):
    layer = double(LCTC(4, 8, size, small=small, groups=groups, axes=axes))
    x = rng.normal(size=(4, *(3, 2, 2)[:axes]))
    expected = transposed_by_definition(layer.kernel(), x)
    expected += layer.merged_bias().detach().numpy().reshape(-1, *[1] * axes)
    made = layer(torch.from_numpy(x)[None])[0].detach().numpy()
    np.testing.assert_allclose(made, expected, atol=1e-12)


@pytest.mark.parametrize(("dtype", "error"), [(torch.float32, 1e-6), (torch.float64, 1e-14)])
@pytest.mark.parametrize(
    ("factor", "size", "small"), [(2, 7, 3), (3, 11, 5), (4, 15, 7), (2, 4, 7)]
)
def test_merge_computes_the_same_with_one_kernel(generator, dtype, error, factor, size, small):
    layer = LCTC(4, 4, size, small=small, factor=factor, groups=2, edge=1, dtype=dtype).train()
    merged = layer.merge()
    x = torch.randn(2, 4, 5, 1, generator=generator, dtype=dtype)
    assert merged.small is None
    assert merged.training
    torch.testing.assert_close(merged(x), layer(x), atol=error, rtol=0)


def test_merge_keeps_a_layer_without_bias_without():
    assert LCTC(2, 2, 7, small=3, bias=False).merge().large.bias is None


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("size", [7, 11, 15])
def test_the_sinc_start_is_within_1_1_db_of_the_bound(axes, size):
    kernel = LCTC(3, 2, size, small=3, axes=axes, init="sinc").kernel()
    bound = attainable_bound(size, 2, axes=axes).rejection_db
    assert bound - 1.1 < rejection_db(kernel) < bound + 1.1


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_a_sinc_start_keeps_every_constant_constant(factor):
    layer = double(
        LCTC(4, 6, scaled_size(7, factor), small=factor + 1, factor=factor, groups=2, init="sinc")
    )
    levels = torch.randn(1, 4, 1, 1, dtype=torch.float64).expand(1, 4, 16, 16)
    inner = layer(levels)[..., 4 * factor : -4 * factor, 4 * factor : -4 * factor]
    assert inner.std(dim=(-2, -1)).max() < 1e-7  # the taps were rounded to float32


def test_pytorchs_start_is_white_so_that_size_alone_rejects_nothing():
    torch.manual_seed(0)
    for size in (3, 7, 11):
        kernel = LCTC(32, 32, size).kernel()
        assert rejection_db(kernel) == pytest.approx(WHITE_REJECTION, abs=0.5)


@pytest.mark.parametrize(("size", "factor"), [(7, 2), (11, 3), (15, 4), (4, 2), (2, 2)])
@pytest.mark.parametrize("groups", [1, 2])
def test_an_icnr_start_is_nearest_interpolation_after_a_convolution(rng, size, factor, groups):
    x = rng.normal(size=(4, 9))
    layer = double(LCTC(4, 6, size, factor=factor, groups=groups, axes=1, bias=False, init="icnr"))
    taps, positions = layer.kernel().weight, layer.kernel().positions[0]
    blocks = np.unique(positions // factor)
    whole = [j for j in blocks if np.sum(positions // factor == j) == factor]
    weight = np.stack([taps[..., positions // factor == j][..., 0] for j in whole], -1)
    assert np.abs(weight).min() > 0
    # y[t] = sum_j V[j] x[floor(t / s) - j], and PyTorch's convolution correlates.
    convolved = np.concatenate(
        [
            np.stack(
                [
                    sum(np.convolve(row, filters[i, o]) for i, row in enumerate(rows))
                    for o in range(filters.shape[1])
                ]
            )
            for rows, filters in zip(
                np.split(x, groups),
                np.split(weight, groups),
                strict=True,
            )
        ]
    )
    first = -whole[0]
    expected = convolved[:, first : first + 9].repeat(factor, axis=1)
    np.testing.assert_allclose(layer(torch.from_numpy(x)[None])[0].detach(), expected, atol=1e-12)


def test_an_icnr_start_has_equal_phases():
    gains = phase_gains(LCTC(4, 4, 7, small=3, init="icnr").kernel())
    for p in product(range(2), repeat=2):
        np.testing.assert_allclose(gains[p], gains[0, 0], atol=1e-12)


def test_gradients_reach_every_tap_of_a_started_layer(generator):
    for init in ("default", "sinc", "icnr"):
        layer = LCTC(2, 2, 7, small=3, init=init)
        layer(torch.randn(1, 2, 8, 8, generator=generator)).square().sum().backward()
        for branch in (layer.large, layer.small):
            assert branch.weight.grad.abs().min() > 0


def test_repeating_the_edge_is_padding_before_and_cropping_after(generator):
    layer = LCTC(2, 2, 7, small=3, edge=2)
    x = torch.randn(1, 2, 3, 1, generator=generator)
    whole = functional.pad(x, [2, 2, 2, 2], mode="replicate")
    plain = LCTC(2, 2, 7, small=3)
    plain.load_state_dict(layer.state_dict())
    torch.testing.assert_close(layer(x), plain(whole)[..., 4:-4, 4:-4])


def test_a_factor_for_each_axis():
    assert LCTC(2, 2, (7, 3), factor=(2, 1))(torch.zeros(1, 2, 5, 4)).shape == (1, 2, 10, 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kernel_size": 3, "factor": 4}, r"kernel_size=\(3, 3\) leaves gaps at factor \(4, 4\)"),
        ({"small": 2, "factor": 3}, r"small=\(2, 2\) leaves gaps"),
        ({"kernel_size": (7, 4), "factor": (2, 1)}, "has no centre where factor"),
        ({"groups": 3}, "groups=3 does not divide in_channels=4"),
        ({"crop": ((1, 0), (1, 0))}, "does not fit kernel_size"),
        ({"crop": ((-5, -5), (0, 0))}, "expected a larger kernel"),
        ({"axes": 4}, "axes=4: expected 1, 2 or 3"),
        ({"init": "zero"}, "init='zero': expected one of default, sinc, icnr"),
    ],
)
def test_numbers_that_do_not_belong_together_are_named(arguments, message):
    with pytest.raises(ParameterError, match=message):
        LCTC(4, 4, **arguments)


def test_an_output_size_that_it_cannot_make_is_refused():
    layer = LCTC(1, 1, 7)
    assert layer(torch.zeros(1, 1, 4, 4), output_size=(8, 8)).shape == (1, 1, 8, 8)
    with pytest.raises(ParameterError, match=r"exactly \(8, 8\)"):
        layer(torch.zeros(1, 1, 4, 4), output_size=(7, 8))
