"""One row of the table: complete, and the same however the kernel is laid out."""

import tracemalloc
from dataclasses import asdict, astuple
from itertools import product

import numpy as np
import pytest

from spectra.errors import ParameterError
from spectra.kernel import interpolator, measure, power_law_spectrum, transposed_conv


@pytest.mark.parametrize(
    ("axes", "size"), [*product((1, 2), (1, 2, 3, 4, 5)), (3, 1), (3, 2), (3, 3)]
)
def test_every_kernel_has_a_row_of_finite_numbers(rng, axes, size):
    found = measure(transposed_conv(rng.normal(size=(3, 2, *(size,) * axes)), stride=2))
    numbers = [v for v in astuple(found) if isinstance(v, float)]
    assert np.isfinite(numbers).all()
    assert len(found.replica_rejection_db) == 2**axes - 1
    assert len(found.mass) == size


def test_gain_and_channels_change_nothing(rng):
    taps = rng.normal(size=(4, 4))
    one = measure(transposed_conv(taps[None, None], stride=2, padding=1))
    mix = rng.normal(size=(5, 3))
    many = measure(transposed_conv(-3 * np.multiply.outer(mix, taps), stride=2, padding=1))
    numbers, others = (
        {name: value for name, value in asdict(found).items() if name != "spectrum"}
        for found in (one, many)
    )
    assert len(numbers) > 10
    for name, value in numbers.items():
        np.testing.assert_allclose(others[name], value, rtol=1e-4, atol=1e-4, err_msg=name)


def test_groups_are_told_from_full_mixing_by_nothing_but_the_zeros(rng):
    grouped = transposed_conv(rng.normal(size=(4, 1, 3, 3)), stride=2, groups=4)
    full = transposed_conv(grouped.taps, stride=2)
    a, b = measure(grouped), measure(full)
    np.testing.assert_allclose(a.rejection_db, b.rejection_db, atol=1e-9)
    np.testing.assert_allclose(a.line_gain_db, b.line_gain_db, atol=1e-9)


def test_nearest_is_measured_as_nearest():
    found = measure(interpolator("nearest", 2))
    np.testing.assert_allclose(found.rejection_db, found.rejection_nearest_db, atol=1e-9)
    assert found.line_gain_db is None
    assert found.sub_pixel_phase == (0.5, 0.5)
    assert found.near_rejection_db > found.rejection_db


def test_a_measured_covariance_changes_the_energies(rng):
    """A mixing that cancels: h_1 = -h_0 on perfectly correlated channels leaves one of them."""
    taps = rng.normal(size=(2, 1, 3))
    kernel = transposed_conv(taps, stride=2)
    alone = measure(
        transposed_conv(taps[:1], stride=2), spectrum=power_law_spectrum(2, axes=1, exponent=0)
    )
    only = measure(
        kernel, spectrum=power_law_spectrum(2, axes=1, exponent=0), covariance=np.diag([1.0, 0.0])
    )
    np.testing.assert_allclose(only.rejection_db, alone.rejection_db, atol=1e-9)
    assert only.spectrum == "white, measured covariance"


def test_float32_and_float64_weights_agree(rng):
    weight = rng.normal(size=(8, 8, 4, 4))
    double = measure(transposed_conv(weight, stride=2))
    single = measure(transposed_conv(weight.astype(np.float32), stride=2))
    np.testing.assert_allclose(single.rejection_db, double.rejection_db, atol=1e-5)


@pytest.mark.parametrize(
    ("weight", "options", "text"),
    [
        (np.ones((1, 1, 2, 2)), {"stride": 1}, "does not upsample"),
        (np.zeros((1, 1, 2, 2)), {"stride": 2}, "all taps"),
    ],
)
def test_what_is_no_upsampling_kernel_is_refused(weight, options, text):
    with pytest.raises(ParameterError, match=text):
        measure(transposed_conv(weight, **options))


@pytest.mark.parametrize(
    ("shape", "groups"), [((512, 512, 4, 4), 1), ((64, 64, 11, 11), 1), ((256, 1, 31, 31), 256)]
)
def test_large_layers_are_measured_in_little_memory(shape, groups):
    kernel = transposed_conv(np.ones(shape, np.float32), stride=2, groups=groups)
    measure(transposed_conv(np.ones((1, 1, 2, 2)), stride=2))  # what is imported late
    tracemalloc.start()
    measure(kernel)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 256 * 2**20
