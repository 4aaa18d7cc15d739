from dataclasses import replace

import numpy as np

from spectra.demo._compare import comparison_picture, comparison_table
from spectra.explain._summary import OutputRow
from support.summaries import FAINT, NOTHING, PRESENT, summary


def with_output(score):
    return replace(summary(), output=OutputRow(score, (), None, "not asked for"))


def test_the_table_states_each_grid_and_its_change_against_the_first():
    rows = {"small": PRESENT, "lctc": FAINT, "lctc_sinc": NOTHING}
    table = comparison_table({name: with_output(score) for name, score in rows.items()})
    _, small, lctc, sinc = (line.split() for line in table.splitlines())
    assert (small[0], small[2], small[-1]) == ("small", "-13.2", "-")
    assert (lctc[0], lctc[2], lctc[-1]) == ("lctc", "-33.4", "-20.2")
    assert (sinc[0], sinc[2], sinc[-1]) == ("lctc_sinc", "-", "-")


def test_the_picture_shows_less_of_the_grid_from_left_to_right():
    picture = comparison_picture()
    assert picture.dtype == np.uint8
    height, width, _ = picture.shape
    assert (height, width) == (2 * 96 * 4, 3 * 96 * 4)
    deviations = np.split(picture[height // 2 :: 4, ::4].astype(float), 3, axis=1)
    patterns = [d.reshape(24, 4, 24, 4, 3).mean((0, 2)) for d in deviations]
    small, lctc, sinc = (p.std((0, 1)).mean() for p in patterns)
    assert small > lctc > sinc
