"""Kernels on given axes: what is drawn is what was computed."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from spectra import plot
from spectra.kernel import attainable_bound, interpolator, rejection_db
from spectra.plot._kernel_plots import plot_rejection


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


def test_rejection_stands_over_size_below_the_bound(ax):
    scatter = plot_rejection({"a": (3, 5.0), "b": (7, -1.0)}, ax=ax, sizes=range(2, 9))
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
