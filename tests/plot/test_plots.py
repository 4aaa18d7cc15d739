"""Figures tested by what is on them: data, labels, limits."""

import io
import subprocess
import sys
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D

from spectra.errors import ParameterError
from spectra.plot import draw_results, plot_spectrum
from spectra.plot._crop import crop_figure
from spectra.plot._curves import plot_profile, plot_slices
from spectra.plot._figures import profiles_figure, strip_figure, worst_figure
from spectra.plot._labels import shorten

DIMS = ("fz", "fy", "fx")
LATTICE = {
    1: [(0.5,)],
    2: [(0.0, 0.5), (0.5, 0.0), (0.5, 0.5)],
    3: [(0.0, 0.0, 0.5), (0.5, 0.0, 0.0), (0.5, 0.5, 0.5)],
}


def spectrum(shape, seed=0):
    values = np.random.default_rng(seed).normal(size=shape)
    dims = DIMS[-len(shape) :]
    coords = {d: np.fft.fftshift(np.fft.fftfreq(n)) for d, n in zip(dims, shape, strict=True)}
    return xr.DataArray(values, coords, dims, attrs={"units": "dB"})


def group(shape, seed, points=None):
    f = np.arange(min(shape) // 2 + 1) / min(shape)
    table = LATTICE[len(shape)] if points is None else points
    count = len(table)
    return xr.Dataset(
        {
            "mean_log_spectrum": spectrum(shape, seed),
            "azimuthal_power": ("f", np.exp(-5 * f) + 0.01 * seed),
            "frequency": (("point", "axis"), np.reshape(table, (count, len(shape)))),
            "locked_dbc": ("point", -30.0 - np.arange(count)),
            "prominence_db": ("point", 12.0 - np.arange(count)),
        },
        coords={"f": f},
    )


def run(steps, shape=(32, 32)):
    paths = ["input", *(f"steps/{i}" for i in range(steps)), "output"]
    tree = xr.DataTree.from_dict({p: group(shape, i) for i, p in enumerate(paths)})
    labels = ["input images", *(f"decoder.up_blocks.{i}.upsamplers.0.conv" for i in range(steps))]
    return tree, list(zip(paths, [*labels, "output"], strict=True))


def axes():
    return Figure(figsize=(4, 4)).subplots()


def png(figure):
    file = io.BytesIO()
    figure.savefig(file, dpi=25, metadata={"Software": None})
    return file.getvalue()


def panels(figure):
    return [ax for ax in figure.axes if ax.axison and ax.get_label() != "<colorbar>"]


def rings(ax):
    found = [c.get_offsets() for c in ax.collections if c.get_gid() == "lattice"]
    return {tuple(map(float, p)) for p in np.concatenate(found)} if found else set()


def test_an_even_map_is_drawn_with_its_border_at_both_sides_and_dc_blank():
    power = spectrum((8, 6))
    ax = axes()
    image = plot_spectrum(power, ax=ax)
    drawn = image.get_array()
    assert drawn.shape == (9, 7)
    np.testing.assert_array_equal(drawn[-1, :], drawn[0, :])
    np.testing.assert_array_equal(drawn[:, -1], drawn[:, 0])
    assert drawn.mask[4, 3]
    assert drawn.mask.sum() == 1
    expected = power.values.copy()
    expected[4, 3] = drawn[4, 3] = 0
    np.testing.assert_array_equal(drawn.data[:8, :6], expected)


@pytest.mark.parametrize("shape", [(8, 8), (9, 9), (8, 9)])
def test_every_bin_is_drawn_at_its_frequency(shape):
    power = spectrum(shape)
    image = plot_spectrum(power, ax=axes())
    left, right, bottom, top = image.get_extent()
    rows, columns = image.get_array().shape
    x = left + (np.arange(columns) + 0.5) * (right - left) / columns
    y = bottom + (np.arange(rows) + 0.5) * (top - bottom) / rows
    np.testing.assert_allclose(x[: shape[1]], power.fx, atol=1e-12)
    np.testing.assert_allclose(y[: shape[0]], power.fy, atol=1e-12)


def test_axes_are_labelled_with_fractions_of_cycles_per_pixel():
    ax = axes()
    plot_spectrum(spectrum((8, 8)), ax=ax)
    assert ax.get_xlabel() == "fx (cycles/pixel)"
    assert ax.get_ylabel() == "fy (cycles/pixel)"
    assert [t.get_text() for t in ax.get_xticklabels()] == ["−1/2", "−1/4", "0", "1/4", "1/2"]


def test_lattice_points_are_ringed_with_their_mirror_images_at_both_borders():
    ax = axes()
    plot_spectrum(spectrum((12, 12)), ax=ax, lattice=[(0.0, 0.5), (1 / 3, -1 / 3), (0.25, 0.0)])
    third = (1 / 3 + 0.5) % 1 - 0.5
    expected = {(0.5, 0), (-0.5, 0), (-third, third), (third, -third), (0, 0.25), (0, -0.25)}
    assert {tuple(np.round(p, 9)) for p in rings(ax)} == {tuple(np.round(p, 9)) for p in expected}


def test_limits_are_percentiles_without_dc_unless_given():
    power = spectrum((32, 32))
    power[16, 16] = 1e6
    rest = np.delete(power.values.ravel(), 16 * 32 + 16)
    low, high = plot_spectrum(power, ax=axes()).get_clim()
    np.testing.assert_allclose((low, high), np.percentile(rest, (1, 99.5)))
    assert plot_spectrum(power, ax=axes(), vmin=-3, vmax=9).get_clim() == (-3, 9)


def test_a_flat_or_empty_spectrum_still_has_limits():
    for value in (0.0, np.nan):
        low, high = plot_spectrum(xr.full_like(spectrum((8, 8)), value), ax=axes()).get_clim()
        assert high > low


def test_a_signal_is_drawn_as_a_line_from_dc_to_the_nyquist_frequency():
    power = spectrum((16,))
    ax = axes()
    line = plot_spectrum(power, ax=ax, lattice=[(0.5,), (0.25,)])
    assert isinstance(line, Line2D)
    np.testing.assert_allclose(line.get_xdata(), np.arange(9) / 16)
    np.testing.assert_allclose(line.get_ydata()[1:], np.fft.ifftshift(power.values)[1:9])
    assert np.isnan(line.get_ydata()[0])
    assert rings(ax) == {(0.25, float(power[12])), (0.5, float(power[0]))}
    assert ax.get_xlabel() == "fx (cycles/sample)"


def test_a_volume_shows_its_central_plane_and_the_lattice_in_it():
    power = spectrum((4, 8, 8))
    ax = axes()
    image = plot_spectrum(power, ax=ax, lattice=LATTICE[3])
    np.testing.assert_array_equal(image.get_array()[:8, 5:8], power[2, :, 5:])
    assert "fz = 0" in ax.get_title()
    assert rings(ax) == {(-0.5, 0.0), (0.5, 0.0)}


def test_slices_follow_both_axes_and_the_diagonal():
    power = spectrum((8, 8))
    ax = axes()
    lines = plot_slices(power, ax=ax, lattice=LATTICE[2])
    plane = np.fft.ifftshift(power.values)
    for line, values in zip(lines, (plane[0, :5], plane[:5, 0], plane.diagonal()[:5]), strict=True):
        np.testing.assert_array_equal(line.get_ydata()[1:], values[1:])
        np.testing.assert_array_equal(line.get_xdata(), np.arange(5) / 8)
    assert [line.get_label()[:3] for line in lines] == ["0°,", "90°", "45°"]
    assert "cycles/pixel" in ax.get_xlabel()


@pytest.mark.parametrize(("shape", "lines", "unit"), [((8,), 1, "sample"), ((4, 8, 8), 3, "voxel")])
def test_slices_of_signals_and_volumes_have_their_own_unit(shape, lines, unit):
    ax = axes()
    assert len(plot_slices(spectrum(shape), ax=ax)) == lines
    assert f"cycles/{unit}" in ax.get_xlabel()


def test_a_profile_is_drawn_in_decibels_without_dc():
    power = xr.DataArray([5.0, 100.0, 1.0, 0.0], {"f": [0, 0.1, 0.2, 0.3]}, "f")
    ax = axes()
    line = plot_profile(power, ax=ax, label="x")
    np.testing.assert_array_equal(line.get_xdata(), [0.1, 0.2, 0.3])
    np.testing.assert_array_equal(line.get_ydata(), [20, 0, np.nan])


@pytest.mark.parametrize(("steps", "lines"), [(1, 1), (4, 1), (5, 2), (11, 3)])
def test_a_strip_has_a_panel_a_row_in_order_and_wraps_after_six(steps, lines):
    tree, rows = run(steps)
    figure = strip_figure(tree, rows)
    shown = panels(figure)
    assert len(shown) == steps + 2
    assert shown[0].get_title().startswith("input images\n")
    assert shown[-1].get_title().startswith("output\n")
    assert "+12.0 dB at (0, 1/2)" in shown[1].get_title()
    assert shown[0].get_subplotspec().get_gridspec().nrows == lines
    assert all(len(rings(ax)) == 8 for ax in shown)


@pytest.mark.parametrize(
    ("reason", "title"),
    [
        ("too small: 12x12 px inside the margin, 16 px needed at period 2", "too small"),
        ("no lattice", "no lattice"),
        ("", "not scored"),
    ],
)
def test_a_row_that_was_not_scored_says_why_and_not_that_it_has_no_lattice(reason, title):
    tree, rows = run(1)
    tree["output"] = xr.DataTree(
        tree["output"].to_dataset()[["mean_log_spectrum"]].assign_attrs(reason=reason)
    )
    assert panels(strip_figure(tree, rows))[-1].get_title() == f"output\n{title}"


def test_a_strip_has_one_scale_and_one_colour_bar():
    tree, rows = run(5)
    figure = strip_figure(tree, rows)
    scales = {image.get_clim() for ax in panels(figure) for image in ax.images}
    assert len(scales) == 1
    bars = [ax for ax in figure.axes if ax.get_label() == "<colorbar>"]
    assert [bar.get_ylabel() for bar in bars] == ["mean log power (dB re white noise)"]


@pytest.mark.parametrize(
    ("steps", "shape"), [(1, (32, 32)), (9, (16, 16)), (3, (64,)), (3, (4, 8, 8))]
)
def test_nothing_on_a_strip_overlaps(steps, shape):
    tree, rows = run(steps, shape)
    figure = strip_figure(tree, rows)
    figure.draw_without_rendering()
    titles = [ax.title.get_window_extent() for ax in panels(figure)]
    assert not any(a.overlaps(b) for a, b in combinations(titles, 2))
    boxes = [ax.get_window_extent() for ax in panels(figure)]
    assert not any(title.overlaps(box) for title in titles for box in boxes)
    assert all(title.x0 >= 0 and title.x1 <= figure.bbox.x1 for title in titles)


def test_a_strip_of_signals_has_lines_of_one_scale_and_no_colour_bar():
    tree, rows = run(2, (64,))
    figure = strip_figure(tree, rows)
    assert len(figure.axes) == 4
    assert len({ax.get_ylim() for ax in figure.axes}) == 1
    assert all(len(ax.lines) == 1 for ax in figure.axes)


def test_a_strip_of_volumes_says_which_plane_is_shown():
    tree, rows = run(2, (4, 8, 8))
    figure = strip_figure(tree, rows)
    assert "fz = 0" in figure.get_supxlabel()
    assert "(fz, fy, fx)" in figure.get_supxlabel()


NOTED = [(steps, shape) for shape in ((64,), (32, 32), (16, 16, 16)) for steps in (0, 1, 2, 6)]
QUICK = ((0, (64,)), (6, (32, 32)), (0, (16, 16, 16)))


@pytest.mark.parametrize(
    ("steps", "shape"),
    [pytest.param(*each, marks=() if each in QUICK else pytest.mark.slow) for each in NOTED],
)
def test_the_note_under_a_figure_lies_within_it(steps, shape):
    tree, rows = run(steps, shape)
    for path, _ in rows:
        tree[path].attrs |= {"window": "periodic Hann", "maps": 48}
    figures = (strip_figure(tree, rows), profiles_figure(tree, rows))
    for figure in (*figures, worst_figure(tree, rows, "output")):
        figure.draw_without_rendering()
        note, width = figure._supxlabel.get_window_extent(), figure.bbox.width
        assert 0 <= note.x0 < note.x1 <= width


def test_rows_without_a_spectrum_are_left_out_and_none_at_all_is_an_error():
    tree, rows = run(2)
    bare = tree["steps/0"].to_dataset().drop_vars("mean_log_spectrum")
    tree["steps/0"] = xr.DataTree(bare)
    tree["steps/1"]["mean_log_spectrum"][:] = np.nan
    assert len(panels(strip_figure(tree, [*rows, ("steps/7", "absent")]))) == 2
    with pytest.raises(ParameterError, match="none of them has 'mean_log_spectrum'"):
        strip_figure(tree, rows[1:3])


def test_profiles_are_one_line_a_row_named_in_the_legend():
    tree, rows = run(3)
    figure = profiles_figure(tree, rows)
    (ax,) = figure.axes
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == [shorten(label, 44) for _, label in rows]
    assert ax.lines[0].get_color() == "black"
    assert len({str(line.get_color()) for line in ax.lines}) == 5
    power = tree["steps/1"]["azimuthal_power"].values[1:]
    np.testing.assert_allclose(ax.lines[2].get_ydata(), 10 * np.log10(power))


def beside(name, steps):
    tree, rows = run(steps)
    subject = {"label": name, "tree": tree, "rows": rows, "worst": "output", "attack": ""}
    return SimpleNamespace(**subject, upsampling=frozenset(), inputs="4 pictures")


@pytest.mark.parametrize("width", [None, 3.25, 7.0])
def test_results_of_other_steps_have_each_their_legend_below_their_profiles(width):
    """Colours follow the order of steps: one legend would name lines of the other wrongly."""
    (drawing,) = draw_results([beside("one", 1), beside("two", 3)], ["profiles"], width=width)
    figure = drawing.figure
    figure.draw_without_rendering()
    assert not figure.legends
    assert [len(ax.get_legend().get_texts()) for ax in figure.axes] == [3, 5]
    for ax in figure.axes:
        legend, label = ax.get_legend().get_window_extent(), ax.xaxis.label.get_window_extent()
        assert legend.y1 < label.y0
        assert legend.y0 >= 0
        assert 0 <= legend.x0 < legend.x1 <= figure.bbox.x1
    (alike,) = draw_results([beside("one", 3), beside("two", 3)], ["profiles"], width=width)
    assert len(alike.figure.legends) == 1


def test_the_worst_row_has_its_peaks_labelled_and_slices_beside():
    tree, rows = run(3)
    figure = worst_figure(tree, rows, "steps/1")
    assert "up_blocks.1" in figure.get_suptitle()
    large, beside = panels(figure)
    labels = {text.get_text() for text in large.texts}
    assert labels == {"(0, 1/2)\n−30.0 dBc", "(1/2, 0)\n−31.0 dBc", "(1/2, 1/2)\n−32.0 dBc"}
    assert isinstance(large.images[0], AxesImage)
    assert len(beside.get_legend().get_texts()) == 3


@pytest.mark.parametrize("factor", [2, 3, 4, 8, 16])
def test_labels_of_peaks_cover_neither_each_other_nor_a_ring(factor):
    k = np.arange(factor) / factor
    on_axis_or_diagonal = [(a, b) for a in k for b in k if a == 0 or b == 0 or a == b]
    table = [p for p in on_axis_or_diagonal if any(p)]
    tree = xr.DataTree.from_dict({"output": group((48, 48), 0, table)})
    figure = worst_figure(tree, [("output", "output")], "output")
    figure.draw_without_rendering()
    ax = panels(figure)[0]
    boxes = [text.get_window_extent() for text in ax.texts]
    assert 3 <= len(boxes) <= 12
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    frame = ax.get_window_extent()
    for box in boxes:
        assert frame.x0 <= box.x0 < box.x1 <= frame.x1
        assert frame.y0 <= box.y0 < box.y1 <= frame.y1
        for ring in rings(ax):
            assert not box.contains(*ax.transData.transform(ring))


def test_the_strongest_peak_is_labelled_first_and_prominence_stands_in_for_power():
    data = group((48, 48), 0, [(k / 8, k / 8) for k in range(1, 8)])
    data["locked_dbc"][:] = np.nan
    data["prominence_db"][:] = np.arange(7.0)
    figure = worst_figure(xr.DataTree.from_dict({"output": data}), [("output", "out")], "output")
    texts = [text.get_text() for text in panels(figure)[0].texts]
    assert texts[0] == "(7/8, 7/8)\n+6.0 dB high"


def test_the_worst_volume_names_the_peaks_off_its_plane():
    tree, rows = run(1, (4, 8, 8))
    figure = worst_figure(tree, rows, "output")
    expected = "off this plane (fz, fy, fx): (1/2, 0, 0) −31.0 dBc; (1/2, 1/2, 1/2) −32.0 dBc"
    assert figure.get_supxlabel().startswith(expected)


def test_the_worst_signal_is_one_line_with_its_peak_labelled():
    tree, rows = run(1, (64,))
    figure = worst_figure(tree, rows, "steps/0")
    (ax,) = figure.axes
    assert [text.get_text() for text in ax.texts] == ["1/2\n−30.0 dBc"]


def test_the_same_data_give_the_same_bytes():
    tree, rows = run(1)
    picture = np.random.default_rng(0).random((8, 8, 3))
    for build in (
        lambda: strip_figure(tree, rows),
        lambda: profiles_figure(tree, rows),
        lambda: worst_figure(tree, rows, "output"),
        lambda: crop_figure(picture, 0.01 * picture),
    ):
        assert png(build()) == png(build())


def test_drawing_needs_no_pyplot():
    code = "import sys, spectra.plot; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_lattice_of_other_axes_is_refused():
    with pytest.raises(ParameterError, match=r"expected \(point, 2\)"):
        plot_spectrum(spectrum((8, 8)), ax=axes(), lattice=[(0.5,)])
