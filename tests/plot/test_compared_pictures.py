"""What is drawn of two folders of pictures is what they hold."""

import numpy as np
import pytest
import xarray as xr

from spectra.plot import compared_pictures


def spectrum(values):
    frequency = np.fft.fftshift(np.fft.fftfreq(len(values)))
    return xr.DataArray(values, dims=("fy", "fx"), coords={"fy": frequency, "fx": frequency})


def drawn(first, second, strongest=((), ())):
    return compared_pictures(
        ("one", "other"),
        spectra_db=(first, second),
        points=([(0.25, 0.25)], []),
        strongest=strongest,
    )


def panels(figure):
    return [ax for ax in figure.axes if ax.get_title()]


def test_the_third_panel_is_the_difference_and_the_others_share_one_range(rng):
    one, other = rng.normal(0, 5, (2, 16, 16))
    (figure,) = drawn(spectrum(one), spectrum(other)).values()
    first, second, change = (ax.get_images()[0] for ax in panels(figure))
    assert first.get_clim() == second.get_clim()
    shown = np.array(change.get_array())[:16, :16]
    expected = one - other
    expected[8, 8] = np.nan  # DC says nothing
    np.testing.assert_allclose(shown, expected)
    low, high = change.get_clim()
    assert low == -high


def test_a_folder_of_small_pictures_has_no_panel_and_no_difference(rng):
    (figure,) = drawn(None, spectrum(rng.normal(size=(16, 16)))).values()
    assert [ax.get_title() for ax in panels(figure)] == ["other"]
    assert drawn(None, None) == {}


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_the_strongest_pictures_are_shown_pixel_by_pixel(rng, channels):
    planes = rng.uniform(0, 255, (channels, 120, 100)).astype(np.float32)
    figure = drawn(None, None, ([("a $x$.png", planes, 4)], []))["strongest"]
    (image,) = (image for ax in figure.axes for image in ax.get_images())
    shown = np.array(image.get_array()).reshape(96, 96, -1)
    expected = planes[: 3 if channels == 3 else 1, 12:108, 2:98]
    np.testing.assert_allclose(shown, np.moveaxis(expected, 0, -1) / 255, rtol=1e-6)
    figure.draw_without_rendering()  # a name in dollars is no formula
    said = [text for ax in figure.axes for text in (ax.get_title(loc="left"), *ax.texts) if text]
    assert any("no picture shows a grid" in str(each) for each in said)
