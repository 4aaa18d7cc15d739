"""Kernels on given axes: what is drawn is what was computed."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from spectra import plot
from spectra.errors import ParameterError
from spectra.kernel import attainable_bound, interpolator, rejection_db, transposed_conv


@pytest.fixture
def ax():
    return Figure().subplots()


def labelled(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


def test_taps_stand_where_they_are_beside_the_sinc(ax):
    line = plot.plot_taps(interpolator("bilinear", 2), ax=ax)
    np.testing.assert_array_equal(line.get_xdata(), [-1, 0, 1, 2])
    np.testing.assert_allclose(line.get_ydata(), [1 / 3, 1, 1, 1 / 3], atol=1e-12)
    n, sinc = labelled(ax, "ideal sinc").get_data()
    np.testing.assert_allclose(sinc, np.sinc((n - 0.5) / 2), atol=1e-12)


def test_the_response_of_nearest_is_a_cosine_beside_a_rectangle(ax):
    line = plot.plot_response(interpolator("nearest", 2), ax=ax)
    f, gain = line.get_data()
    np.testing.assert_allclose(gain, np.cos(np.pi * f), atol=1e-7)
    np.testing.assert_array_equal(labelled(ax, "ideal").get_xdata(), [0, 0.25, 0.25, 0.5])
    assert ax.get_xlabel() == "f (cycles/pixel)"


@pytest.mark.parametrize(("factor", "marked"), [(2, [1 / 2]), (3, [1 / 3]), (4, [1 / 4, 1 / 2])])
def test_replica_positions_are_marked(ax, factor, marked):
    plot.plot_response(interpolator("nearest", factor), ax=ax)
    dotted = [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == ":"]
    np.testing.assert_allclose(dotted, marked)


def test_the_maps_hold_taps_and_gain_in_db(ax):
    kernel = interpolator("nearest", 2)
    image = plot.plot_response_map(kernel, ax=ax)
    values = image.get_array()
    assert values.shape == (129, 129)
    np.testing.assert_allclose(values[64, 64], 0, atol=1e-9)
    f = np.linspace(-0.5, 0.5, 129)[80]
    np.testing.assert_allclose(values[64, 80], 20 * np.log10(np.cos(np.pi * f)), atol=1e-6)
    rings = next(c for c in ax.collections if c.get_gid() == "lattice").get_offsets()
    found = {tuple(np.round(p, 6)) for p in np.asarray(rings)}
    half = (-0.5, 0.0, 0.5)
    assert found == {(x, y) for x in half for y in half} - {(0.0, 0.0)}
    taps = plot.plot_tap_map(kernel, ax=ax).get_array()
    np.testing.assert_allclose(taps, 0.5, atol=1e-12)


def test_phase_gains_of_equal_taps_are_four_two_two_one(ax):
    bars = plot.plot_phase_gains(transposed_conv(np.ones((1, 1, 3, 3)), stride=2), ax=ax)
    heights = [bar.get_height() for bar in bars]
    np.testing.assert_allclose(heights, np.array([4, 2, 2, 1]) / 2.25, atol=1e-12)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["0,0", "0,1", "1,0", "1,1"]


def test_rejection_stands_over_size_below_the_bound(ax):
    scatter = plot.plot_rejection({"a": (3, 5.0), "b": (7, -1.0)}, ax=ax, sizes=range(2, 9))
    np.testing.assert_array_equal(scatter.get_offsets(), [[3, 5], [7, -1]])
    sizes, levels = labelled(ax, "least error of its size").get_data()
    expected = [attainable_bound(int(k)).rejection_db for k in sizes]
    np.testing.assert_allclose(levels, expected)
    nearest = labelled(ax, "nearest").get_ydata()
    np.testing.assert_allclose(nearest, rejection_db(interpolator("nearest", 2)))
    dots = {
        line.get_xdata()[0]: line
        for line in ax.lines
        if line.get_marker() == "o" and len(line.get_xdata()) == 1
    }
    full = {k for k, dot in dots.items() if dot.get_markerfacecolor() != "white"}
    assert full == {3, 7}


@pytest.mark.parametrize(("axes", "panels"), [(1, 3), (2, 6), (3, 3)])
def test_a_kernel_has_a_figure(axes, panels, rng):
    kernel = transposed_conv(rng.normal(size=(2, 3, *(4,) * axes)), stride=2)
    figure = plot.kernel_figure(kernel, "up")
    assert len(figure.axes) == panels
    assert figure.get_suptitle() == "up"
    figure.draw_without_rendering()


def test_maps_are_of_two_axes(ax):
    with pytest.raises(ParameterError, match="kernel has 1 axes: expected 2"):
        plot.plot_tap_map(interpolator("nearest", 2, axes=1), ax=ax)
