"""What is kept of a kernel is its taps and its response, in closed form where there is one."""

import numpy as np
import pytest
import torch

from spectra import capture, weights
from spectra.kernel import interpolator, transposed_conv
from spectra.report._netcdf import write_tree
from spectra.weights._portraits import portrait


def test_the_response_of_nearest_interpolation_is_a_cosine():
    data = portrait(interpolator("nearest", 2, axes=1))
    np.testing.assert_allclose(
        data["power"].sel(direction="fx"), np.cos(np.pi * data.f) ** 2, atol=1e-6
    )
    np.testing.assert_array_equal(data["taps"], [1, 1])


def test_the_response_of_bilinear_interpolation_is_that_beside_it_along_every_line():
    data = portrait(interpolator("bilinear", 2, axes=2))
    assert list(data.direction.values) == ["fx", "fy", "diagonal"]
    np.testing.assert_allclose(data["power"], data["bilinear_power"], atol=1e-6)
    one = np.cos(np.pi * data.f) ** 6  # its taps 1, 3, 3, 1 are three boxes of two, folded
    np.testing.assert_allclose(data["power"].sel(direction="fy"), one, atol=1e-6)
    np.testing.assert_allclose(data["power"].sel(direction="diagonal"), one**2, atol=1e-6)


def test_the_ideal_response_ends_at_the_edge_of_the_input_s_band():
    data = portrait(interpolator("nearest", (2, 4)))
    ideal = data["ideal_power"]
    for direction, edge in (("fx", 1 / 8), ("fy", 1 / 4), ("diagonal", 1 / 8)):
        inside = ideal.sel(direction=direction)
        assert (inside[data.f < edge] == 1).all()
        assert (inside[data.f > edge] == 0).all()


def test_a_kernel_of_one_shape_shows_it_with_its_largest_tap_1(rng):
    shape = rng.normal(size=(3, 5))
    mixed = rng.normal(size=(4, 2))[..., None, None] * shape
    data = portrait(transposed_conv(mixed, stride=2, padding=(1, 2)))
    largest = shape.flat[np.abs(shape).argmax()]
    np.testing.assert_allclose(data["taps"], shape / largest, atol=1e-6)
    np.testing.assert_array_equal(data["tap_x"], [-2, -1, 0, 1, 2])
    assert data.attrs["shape_share"] == pytest.approx(1)


def test_of_a_volume_the_plane_through_the_largest_tap_is_kept(rng):
    shape = rng.normal(size=(3, 4, 5))
    data = portrait(transposed_conv(shape[None, None], stride=2))
    assert data["taps"].dims == ("tap_y", "tap_x")
    assert data["taps"].shape == (4, 5)
    plane = int(np.unravel_index(np.abs(shape).argmax(), shape.shape)[0])
    largest = shape.flat[np.abs(shape).argmax()]
    np.testing.assert_allclose(data["taps"], shape[plane] / largest, atol=1e-6)
    # along fz only the sums over planes count
    sums = np.abs(np.exp(-2j * np.pi * np.outer(data.f, range(3))) @ shape.sum((1, 2))) ** 2
    reference = max(float(shape.sum()) ** 2, 1e-30)
    np.testing.assert_allclose(
        data["power"].sel(direction="fz"), sums / reference, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("shape", [(1, 1, 2001), (4, 4, 67, 67), (4, 4, 9, 9, 9)])
def test_what_is_kept_is_small_however_large_the_kernel(shape, rng, tmp_path):
    import xarray as xr

    data = portrait(transposed_conv(rng.normal(size=shape), stride=2))
    write_tree(xr.DataTree.from_dict({"kernels/0": data}), tmp_path / "one.nc")
    assert (tmp_path / "one.nc").stat().st_size < 100_000


def test_steps_whose_kernel_is_not_known_have_no_portrait():
    model = torch.nn.Sequential(
        torch.nn.ConvTranspose2d(3, 3, 4, 2, 1), torch.nn.Upsample(scale_factor=2, mode="nearest")
    )
    torch.nn.init.zeros_(model[0].weight)
    found = capture.discover(model, torch.zeros(1, 3, 16, 16))
    first, second = weights.portraits_of_steps(model, found)
    assert first is None
    assert second.attrs["stride"] == [2, 2]
