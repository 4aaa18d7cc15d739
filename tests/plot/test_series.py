"""The curve over training shows what it is given."""

import numpy as np
import pytest

from spectra.plot import series_figure


@pytest.fixture
def panel():
    figure = series_figure(
        [1, 5, 20],
        [-40.0, -28.0, None],
        ends_dbc=[(None, -36.0), (-30.0, -26.5), (-3.0, None)],
        words=["none", "visible", None],
        unit="epoch",
        present=5,
        visible=5,
    )
    (ax,) = figure.axes
    return ax


def test_known_energies_are_joined_at_their_place(panel):
    line = panel.lines[0]
    np.testing.assert_array_equal(line.get_xdata(), [1, 5])
    np.testing.assert_array_equal(line.get_ydata(), [-40, -28])
    assert panel.get_xlabel() == "epoch"
    assert "dBc" in panel.get_ylabel()


def test_intervals_are_bars_and_bounds_arrows(panel):
    bars = [c.get_segments()[0] for c in panel.collections if hasattr(c, "get_segments")]
    assert [sorted(bar[:, 1]) for bar in bars] == [[-40.0, -36.0], [-30.0, -26.5]]
    arrows = {t.xy: t.xyann[1] for t in panel.texts if t.arrow_patch is not None}
    assert arrows == {(1, -40.0): -24, (20, -3.0): 24}


def test_severities_stand_in_the_legend_in_their_order(panel):
    labels = [text.get_text() for text in panel.get_legend().get_texts()]
    assert labels == ["none", "visible", "not known"]
    assert {t.get_text() for t in panel.texts} >= {"first present", "first visible"}
