"""What is drawn of paired differences."""

import pytest
from matplotlib.colors import to_rgba

from spectra.plot._differences import ShownDifference, differences_figure

ROWS = [
    ShownDifference("a - b", mean=1.5, half_width=0.5, told=True),
    ShownDifference("c - d", mean=-0.2, half_width=0.9, told=False),
]


def test_each_panel_shows_each_difference_with_its_interval():
    figure = differences_figure({"PSNR (dB)": ROWS, "grid (dBc)": ROWS[::-1]})
    left, right = figure.axes
    assert [text.get_text() for text in left.get_yticklabels()] == ["a - b", "c - d"]
    assert (left.get_title(), right.get_title()) == ("PSNR (dB)", "grid (dBc)")
    for ax, rows in ((left, ROWS), (right, ROWS[::-1])):
        for place, (row, (line, _, bars)) in enumerate(zip(rows, ax.containers, strict=True)):
            assert (line.get_xdata()[0], line.get_ydata()[0]) == (row.mean, place)
            (segment,) = bars[0].get_segments()
            ends = [row.mean - row.half_width, row.mean + row.half_width]
            assert list(segment[:, 0]) == pytest.approx(ends)


def test_only_what_is_told_from_zero_is_filled():
    (ax,) = differences_figure({"PSNR (dB)": ROWS}).axes
    filled, empty = (line.get_markerfacecolor() for line, *_ in ax.containers)
    assert empty == "none"
    assert to_rgba(filled)[3] == 1
