"""A picture of known history is told for what it is."""

import io
from math import comb

import numpy as np
import pytest
from PIL import Image

from spectra.images._jpeg import read_tables, standard_table
from spectra.images._pattern import mean_pattern
from spectra.images._picture import look_at
from spectra.images._seams import column_ranks, find_seams
from spectra.images._votes import block_grid, luma_of, usual_part, votes_alarms
from support.pictures import demosaiced, enlarged, jpeg, planes, textured


@pytest.fixture
def scene(rng):
    return textured(rng)


def ids(seen):
    return [each.id for each in seen.causes]


def test_a_scene_shows_nothing(scene):
    seen = look_at(planes(scene))
    assert (seen.verdict, seen.period, seen.causes) == ("none", None, ())


@pytest.mark.parametrize("offset", [(0, 0), (3, 5)])
def test_jpeg_is_told_with_the_origin_of_its_blocks(scene, offset):
    seen = look_at(planes(jpeg(scene, 80, offset=offset)))
    assert (seen.verdict, seen.period, ids(seen)) == ("present", 8, ["jpeg"])
    origin = tuple(-o % 8 for o in offset)
    assert seen.evidence.blocks.origin == origin
    assert f"blocks of 8 px from {origin}" in seen.causes[0].text


def test_jpeg_that_was_cropped_and_saved_again_is_told_as_two(scene):
    """The first, stronger compression wins the votes; the file's own blocks lie at the corner."""
    seen = look_at(
        planes(jpeg(jpeg(scene, 40, offset=(2, 1)), 98)), file=read_tables({0: standard_table(98)})
    )
    assert ids(seen) == ["double_jpeg"]
    assert seen.causes[0].text == "JPEG twice: blocks from (6, 7), then of quality 98 from (0, 0)"


@pytest.mark.parametrize(
    ("factor", "period", "ratio"), [(2, 2, "2"), (1.5, 3, "3/2"), (4, 4, "4"), (1.25, 5, "5/4")]
)
def test_enlargement_is_told_by_its_period(scene, factor, period, ratio):
    seen = look_at(planes(enlarged(scene, factor)))
    assert (seen.verdict, seen.period) == ("present", period)
    assert ids(seen)[0] == "resize"
    assert ratio in seen.causes[0].text


def test_a_mosaic_is_seen_by_the_laplacian_alone(scene):
    seen = look_at(planes(demosaiced(scene)))
    assert (seen.period, ids(seen)) == (2, ["demosaic"])
    assert not seen.evidence.patterned


def test_blocks_of_webp_are_told_where_the_file_is_one(scene):
    stream = io.BytesIO()
    Image.fromarray(scene).save(stream, "WEBP", quality=40)
    pixels = np.asarray(Image.open(stream).convert("RGB"))
    assert ids(look_at(planes(pixels), webp=True))[0] == "webp"
    assert "webp" not in ids(look_at(planes(pixels)))


@pytest.mark.parametrize("period", [4, 8])
def test_a_pattern_in_brightness_is_a_decoders_and_no_interpolations(scene, rng, period):
    pattern = rng.normal(0, 2, (period, period, 3))
    pattern -= pattern.mean((0, 1))
    seen = look_at(
        planes(np.clip(scene + np.tile(pattern, (256 // period, 256 // period, 1)), 0, 255))
    )
    assert (seen.period, ids(seen)) == (period, ["decoder"])


def test_a_mean_pattern_is_the_planted_one_and_none_is_none(rng):
    planted = rng.normal(0, 3, (1, 4, 4))
    planted -= planted.mean()
    noise = rng.normal(128, 5, (1, 256, 256)).astype(np.float32)
    found = mean_pattern(noise + np.tile(planted, (1, 64, 64)).astype(np.float32), 4)
    # each of 16 values is the mean of 4096 draws of deviation 5
    np.testing.assert_allclose(found.values, planted, atol=5 * 5 / 64)
    np.testing.assert_allclose(found.over((1, 6, 9))[0, :4, :4], found.values[0])
    assert mean_pattern(noise, 4).rms == 0


def test_votes_alarm_as_the_binomial_law_says():
    trials = 16
    tail = sum(comb(trials, k) * 63 ** (trials - k) for k in range(5, trials + 1)) / 64**trials
    assert votes_alarms(64 * 6 + 3, 32, 32) == pytest.approx((64 * 32 * 32) ** 2 * tail)


def test_what_is_small_is_told_apart_too(rng):
    """Narrower strips: of 128 pixels the wider ones are five."""
    scene = textured(rng, 128)
    assert ids(look_at(planes(jpeg(scene, 50))))[0] == "jpeg"
    assert look_at(planes(enlarged(scene[:32, :32], 4))).period == 4


def test_the_part_that_votes_keeps_the_origin_and_is_none_of_the_smoothest(rng):
    picture = np.full((600, 800), 90, np.float32)
    picture[:, 300:] += rng.normal(0, 9, (600, 500))
    part = usual_part(picture)
    assert part.shape == (128, 128)
    assert part.std() > 4
    assert usual_part(picture[:100, :90]).shape == (100, 90)


def test_an_enlargement_by_nearest_neighbours_is_not_taken_for_jpeg(scene):
    blocks = block_grid(luma_of(planes(enlarged(scene[:64, :64], 4, Image.Resampling.NEAREST))))
    assert blocks.next_share > blocks.share / 2
    assert ids(look_at(planes(enlarged(scene[:64, :64], 4, Image.Resampling.NEAREST))))[0] != "jpeg"


@pytest.mark.parametrize("quality", [1, 10, 49, 50, 75, 90, 100])
def test_the_tables_of_a_quality_are_those_that_libjpeg_writes(quality):
    stream = io.BytesIO()
    Image.new("L", (8, 8)).save(stream, "JPEG", quality=quality)
    tables = Image.open(stream).quantization
    assert tuple(tables[0]) == standard_table(quality)
    assert read_tables(tables) == read_tables({0: standard_table(quality)})


def test_a_foreign_table_has_the_nearest_quality(rng):
    table = [max(step + 1, 1) for step in standard_table(80)]
    told = read_tables({0: table})
    assert not told.exact
    assert abs(told.quality - 80) < 5
    assert read_tables({}) is None


@pytest.mark.parametrize("side", [16, 32])
def test_tiles_of_other_brightness_leave_seams(rng, side):
    scene = textured(rng, 512, 1)[..., 0]
    assert find_seams(planes(scene)) is None
    tiles = np.kron(rng.normal(0, 4, (512 // side, 512 // side)), np.ones((side, side)))
    seams = find_seams(planes(scene + tiles))
    assert (seams.side, seams.origin) == (side, (0, 0))
    assert look_at(planes(scene + tiles)).period == side


def test_ranks_of_steps_are_uniform_without_seams(rng):
    ranks = column_ranks(rng.normal(0, 1, (140, 4000)).astype(np.float32))[7:-6]
    assert ranks.mean() == pytest.approx(0.5, abs=0.02)
    assert ranks.std() == pytest.approx(np.sqrt((13**2 - 1) / 12) / 13, abs=0.02)


def test_lines_along_one_axis_are_said_to_be_perhaps_the_scenes(rng):
    rows = 25 * (np.arange(480) % 10 < 4)
    seen = look_at(planes(100 + rows[:, None] + rng.normal(0, 3, (480, 480))))
    assert (seen.verdict, ids(seen)) == ("suspect", ["scene"])
    assert seen.period is None
