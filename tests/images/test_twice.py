"""Two compressions on one grid of blocks are told from one, whatever the picture."""

import numpy as np
import pytest
from scipy import fft

from spectra.images._jpeg import read_tables, standard_table
from spectra.images._picture import look_at
from spectra.images._twice import COUNTED, _coefficients, comb_of, earlier_compression
from spectra.images._votes import luma_of
from support.pictures import jpeg, planes, textured


@pytest.fixture
def scene(rng):
    return textured(rng)


def told(picture, quality=None):
    table = None if quality is None else standard_table(quality)
    return earlier_compression(luma_of(planes(picture)), (0, 0), table)


def test_coefficients_are_those_of_the_block_transform(rng):
    part = rng.normal(128, 40, (27, 35)).astype(np.float32)
    found = _coefficients(part, (2, 5))
    blocks = [
        fft.dctn(part[y : y + 8, x : x + 8], norm="ortho") for y in (2, 10, 18) for x in (5, 13, 21)
    ]
    expected = np.array([[block[place] for block in blocks] for place in COUNTED])
    np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize(("first", "last"), [(6, 2), (2, 6), (5, 3), (3, 5), (7, 7), (16, 10)])
def test_a_comb_is_the_share_of_multiples_that_round_to_each(first, last):
    multiples = np.arange(1, 2000) * first
    near = np.array([np.sum(np.abs(multiples / last - n) < 0.5 - 1e-9) for n in range(1, 25)])
    ties = np.array(
        [np.sum(np.abs(np.abs(multiples / last - n) - 0.5) < 1e-9) for n in range(1, 25)]
    )
    found = (comb_of(first, last) + 1) * last / first
    assert ((near <= found + 1e-9) & (found <= near + ties + 1e-9)).all()


@pytest.mark.parametrize(("first", "last"), [(50, 75), (75, 85), (60, 95), (85, 90), (85, 75)])
def test_the_first_quality_is_told_to_one(scene, first, last):
    found = told(jpeg(jpeg(scene, first), last), last)
    assert found is not None
    assert abs(found.quality - first) <= 1
    assert found.later is None


@pytest.mark.parametrize("quality", [50, 75, 85, 90, 95, 98])
def test_one_compression_is_not_taken_for_two(rng, quality):
    for _ in range(6):
        once = jpeg(textured(rng), quality)
        assert told(once, quality) is None
        assert told(once) is None


@pytest.mark.parametrize("quality", [60, 75, 85])
def test_lines_drawn_by_a_program_are_not_taken_for_two(quality):
    drawn = np.zeros((256, 256, 3), np.uint8)
    drawn[::7] = 200
    drawn[:, ::11] = 90
    assert told(jpeg(drawn, quality), quality) is None
    assert told(jpeg(drawn, quality)) is None


def test_the_same_steps_twice_leave_nothing_to_tell(scene):
    assert told(jpeg(jpeg(scene, 80), 80), 80) is None


def test_the_cause_says_both_qualities_where_the_file_has_one(scene):
    twice = planes(jpeg(jpeg(scene, 70), 90))
    seen = look_at(twice, file=read_tables({0: standard_table(90)}))
    assert [cause.id for cause in seen.causes] == ["double_jpeg"]
    assert seen.causes[0].text in {
        f"JPEG twice: of quality about {q}, then of quality 90, blocks of 8 px from (0, 0)"
        for q in (69, 70, 71)
    }
    assert seen.period == 8


def test_without_its_file_a_picture_is_told_to_be_saved_twice_but_not_how(scene):
    seen = look_at(planes(jpeg(jpeg(scene, 50), 75)))
    assert (
        seen.causes[0].text == "JPEG twice, with other steps at first, blocks of 8 px from (0, 0)"
    )
