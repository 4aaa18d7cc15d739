"""The convention of a kernel, against PyTorch's own layers."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from oracles import transposed_by_definition
from spectra.errors import ParameterError
from spectra.kernel import (
    pixel_shuffle,
    replica_gain,
    transposed_conv,
)

# kernel, stride, padding, output padding, dilation, groups
CONFIGURATIONS = [
    (4, 2, 1, 0, 1, 1),
    (3, 2, 1, 1, 1, 2),
    (7, 3, 2, 0, 1, 1),
    (5, 2, 4, 1, 2, 2),
    (2, 2, 0, 0, 1, 1),
]
LAYERS = {
    1: functional.conv_transpose1d,
    2: functional.conv_transpose2d,
    3: functional.conv_transpose3d,
}


def layer(rng, axes, configuration):
    k, s, p, op, d, g = configuration
    weight = rng.normal(size=(4, 6 // g, *(k,) * axes))
    options = {"stride": s, "padding": p, "output_padding": op, "dilation": d, "groups": g}
    return weight, options


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_the_taps_add_up_to_what_pytorch_computes(rng, axes, configuration):
    weight, options = layer(rng, axes, configuration)
    kernel = transposed_conv(weight, **options)
    x = rng.normal(size=(4, *(3, 4, 2)[:axes]))
    expected = LAYERS[axes](torch.tensor(x)[None], torch.tensor(weight), **options)[0].numpy()
    assert kernel.output_size(x.shape[1:]) == expected.shape[1:]
    np.testing.assert_allclose(transposed_by_definition(kernel, x), expected, atol=1e-12)


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_the_output_spectrum_is_the_response_times_the_repeated_input(rng, axes, configuration):
    """Multirate identity: Y_o(f) = sum_i H_io(f) X_i(s f), here with nothing cropped."""
    weight, options = layer(rng, axes, configuration)
    kernel = transposed_conv(weight, **options)
    sides = (5, 3)[:axes]
    x = rng.normal(size=(4, *sides))
    whole = {**options, "padding": 0, "output_padding": 0}
    y = LAYERS[axes](torch.tensor(x)[None], torch.tensor(weight), **whole)[0].numpy()
    frequency = rng.uniform(-0.5, 0.5, (20, axes))
    first = -options["padding"]  # where the whole output starts

    def spectrum(values, places):
        grid = np.stack(np.meshgrid(*places, indexing="ij"), -1).reshape(-1, axes)
        waves = np.exp(-2j * np.pi * frequency @ grid.T)
        return waves @ values.reshape(len(values), -1).T

    s = options["stride"]
    output = spectrum(y, [np.arange(n) + first for n in y.shape[1:]])
    source = spectrum(x, [s * np.arange(n) for n in sides])
    response = kernel.response(frequency)
    predicted = np.einsum("fio,fi->fo", response, source)
    np.testing.assert_allclose(predicted, output, atol=1e-12 * np.abs(output).max())


@pytest.mark.parametrize(("size", "padding"), [(1, 0), (3, 1), (2, 0), (5, 1)])
@pytest.mark.parametrize("factor", [2, 3])
def test_a_convolution_and_a_pixel_shuffle_are_one_transposed_convolution(
    rng, size, padding, factor
):
    weight = rng.normal(size=(2 * factor**2, 3, size, size))
    kernel = pixel_shuffle(weight, factor=factor, padding=padding)
    x = rng.normal(size=(3, 6, 5))
    maps = functional.conv2d(torch.tensor(x)[None], torch.tensor(weight), padding=padding)
    expected = functional.pixel_shuffle(maps, factor)[0].numpy()
    assert kernel.output_size(x.shape[1:]) == expected.shape[1:]
    np.testing.assert_allclose(transposed_by_definition(kernel, x), expected, atol=1e-12)


def test_replica_gains_are_norms_of_the_response_at_each_replica(rng):
    kernel = transposed_conv(rng.normal(size=(2, 3, 4, 5)), stride=(2, 3), padding=1)
    replicas = np.stack(np.meshgrid([0, 1 / 2], [0, 1 / 3, 2 / 3], indexing="ij"), -1)
    offset = np.array([0.02, 0.03])
    size = np.linalg.norm(kernel.response(replicas + offset), axis=(-2, -1))
    np.testing.assert_allclose(replica_gain(kernel, offset), size / size[0, 0], rtol=1e-12)


@pytest.mark.parametrize(
    ("weight", "options", "text"),
    [
        (np.ones((1, 1)), {"stride": 2}, "weight has shape"),
        (np.ones((1, 1, 0)), {"stride": 2}, "weight has shape"),
        (np.full((1, 1, 2), np.nan), {"stride": 2}, "NaN"),
        (np.ones((1, 1, 2), complex), {"stride": 2}, "dtype complex128"),
        (np.ones((1, 1, 2)), {"stride": 0}, "stride=0"),
        (np.ones((1, 1, 2, 2)), {"stride": (2, 2, 2)}, r"stride=\(2, 2, 2\)"),
        (np.ones((3, 1, 2)), {"stride": 2, "groups": 2}, "groups=2"),
        (np.ones((1, 1, 2)), {"stride": 1.5}, "stride=1.5"),
    ],
)
def test_what_is_no_kernel_is_refused(weight, options, text):
    with pytest.raises(ParameterError, match=text):
        transposed_conv(weight, **options)


def test_a_shuffle_of_too_few_channels_is_refused():
    with pytest.raises(ParameterError, match="6 output channels: expected a multiple of 4"):
        pixel_shuffle(np.ones((6, 3, 1, 1)), factor=2)


def test_frequencies_of_other_axes_are_refused():
    with pytest.raises(ParameterError, match=r"expected \(..., 2\)"):
        transposed_conv(np.ones((1, 1, 2, 2)), stride=2).response([0.1, 0.2, 0.3])
