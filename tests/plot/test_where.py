"""What is drawn of the place where an output shows its grid."""

import numpy as np
import pytest
import xarray as xr

from spectra.plot._where import crop_of, output_in_words, place_in_words, where_figure

AXES = {1: ("x",), 2: ("y", "x")}
DPI = 150


def found(*sides, channels=3, start=0, place=None, limits=(0.0, 1.0), channel=None, size=0.02):
    axes, rng = AXES[len(sides)], np.random.default_rng(0)
    output = rng.uniform(0.4, 0.5, (channels, *sides)).astype(np.float32)
    grid = np.broadcast_to(size * (-1.0) ** np.indices(sides).sum(0), output.shape)
    place = place or tuple(n // 2 for n in sides)
    heat = np.zeros(sides, np.float32)
    heat[place] = size
    return xr.Dataset(
        {"output": (("channel", *axes), output), "grid": (("channel", *axes), grid)}
        | {"heat": (axes, heat)},
        coords={name: start + np.arange(n) for name, n in zip(axes, sides, strict=True)},
        attrs={"picture": 5, "place": [p + start for p in place], "amplitude": size}
        | {"shown": [0.4, 0.5], "channel": channel, "limits": limits},
    )


def test_a_picture_of_known_range_is_shown_as_a_viewer_sees_it():
    data = found(96, 80)
    output, more, heat = (ax.images[0].get_array() for ax in where_figure(data, dpi=DPI).axes[:3])
    picture, grid = (np.moveaxis(data[n].to_numpy(), 0, -1) for n in ("output", "grid"))
    np.testing.assert_allclose(output, picture, rtol=1e-6)
    np.testing.assert_allclose(more, np.clip(picture + 19 * grid, 0, 1), rtol=1e-6)
    np.testing.assert_allclose(heat, 255 * data["heat"], rtol=1e-6)


def test_the_figure_says_by_how_much_it_amplifies_what_and_where():
    figure = where_figure(found(96, 80), dpi=DPI)
    titles = [ax.get_title() for ax in figure.axes[:3]]
    assert titles[0] == "output 5, as it is"
    assert titles[1].endswith("AMPLIFIED ×20\nreally at most 5.1 of 255 grey levels")
    (note,) = (text.get_text() for text in figure.texts)
    assert note.startswith("most at row 48, column 40: 5.1 of 255 grey levels RMS")


def test_a_channel_of_no_picture_is_told_and_has_no_grey_levels():
    data = found(64, 64, channels=1, limits=None, channel=7)
    figure = where_figure(data, dpi=DPI)
    assert output_in_words(data) == "output 5, channel 7"
    assert figure.axes[0].get_title().startswith("output 5, channel 7")
    assert "20 % of the range" in figure.axes[1].get_title()


@pytest.mark.parametrize("sides", [(32, 32), (192, 192), (300, 512), (512, 40)])
def test_a_pixel_of_the_output_is_whole_pixels_of_the_figure(sides):
    figure = where_figure(found(*sides), dpi=DPI)
    width, height = (round(DPI * inch) for inch in figure.get_size_inches())
    for ax in figure.axes[:3]:
        box = ax.get_position()
        rows, columns = box.height * height / sides[0], box.width * width / sides[1]
        assert rows == pytest.approx(round(rows), abs=1e-6)
        assert columns == pytest.approx(rows, abs=1e-6)
        left, bottom = box.x0 * width, box.y0 * height
        assert (left, bottom) == pytest.approx((round(left), round(bottom)), abs=1e-6)


def test_a_map_of_next_to_nothing_does_not_glow():
    figure = where_figure(found(64, 64, size=0.001), dpi=DPI)
    assert figure.axes[2].images[0].get_clim() == (0, pytest.approx(0.02 * 255))


@pytest.mark.parametrize(
    ("place", "first"), [((0, 0), (0, 0)), ((60, 50), (28, 18)), ((127, 99), (64, 36))]
)
def test_the_crop_is_64_pixels_about_the_place_and_the_frame_shows_it(place, first):
    data = found(128, 100, start=10, place=place)
    crop = crop_of(data)
    assert crop["heat"].shape == (64, 64)
    assert (int(crop["y"][0]) - 10, int(crop["x"][0]) - 10) == first
    (frame,) = where_figure(data, dpi=DPI).axes[0].patches
    assert frame.get_xy() == (first[1] - 0.5, first[0] - 0.5)
    assert place_in_words(data) == f"row {place[0] + 10}, column {place[1] + 10}"


def test_a_signal_has_its_map_under_it():
    data = found(500, channels=1, limits=None, place=(300,))
    figure = where_figure(data, dpi=DPI)
    assert len(figure.axes) == 3
    assert figure.axes[0].lines[1].get_xdata() == [300, 300]
    assert figure.axes[2].get_ylim()[1] == pytest.approx(20)
    assert crop_of(data).sizes["x"] == 64


def test_a_grid_as_large_as_the_range_is_not_amplified_and_that_is_said():
    titles = [ax.get_title() for ax in where_figure(found(64, 64, size=0.4), dpi=DPI).axes[:3]]
    assert titles[1].startswith("the same, grid not amplified")
