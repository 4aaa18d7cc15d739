"""Many pictures together: those of one origin add their phases, others their p-values."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from spectra.images._album import Album, Together, fisher_p
from spectra.images._cause import Cause, Evidence, causes, common_text
from spectra.images._gathered import gather
from spectra.images._grid import Finding, Grid
from spectra.images._jpeg import JpegFile, standard_table
from spectra.images._picture import look_at
from spectra.images._points import Point
from spectra.images._ripple import PERIODS
from spectra.images._spectrum import SIDE, contrast_db, tile_spectrum
from spectra.images._stronger import Stronger
from spectra.images._summarise import _is_same, summarise
from spectra.images._trace import Trace
from spectra.images._traces import _most, cause_of, seams_of, traces
from support.pictures import enlarged, jpeg, planes, textured


def album_of(pictures):
    album = Album()
    for picture in pictures:
        album.add(look_at(planes(picture)), *tile_spectrum(planes(picture)[0]))
    return album


def faint(rng, pattern, *, offset=(0, 0)):
    """Return a picture with a pattern of 4 px so faint that it does not show by itself."""
    scene = textured(rng, 160, 1, slope=1.0)[..., 0].astype(float)
    tiled = np.tile(pattern, (41, 41))[offset[0] :, offset[1] :][:160, :160]
    return scene + tiled


@pytest.fixture
def pattern(rng):
    values = rng.normal(0, 1, (4, 4))
    return 1.2 * (values - values.mean())


def test_a_grid_too_faint_for_one_picture_shows_in_many_of_one_origin(rng, pattern):
    album = album_of(faint(rng, pattern) for _ in range(12))
    together = album.together()
    assert (together.verdict, together.grid.period, together.combined) == (
        "present",
        4,
        "one origin",
    )


def test_pictures_with_own_origins_are_told_as_such(rng):
    pictures = [enlarged(textured(rng, 96), 2)[i % 2 :, i % 3 :] for i in range(6)]
    together = album_of(pictures).together()
    assert (together.grid.period, together.combined) == (2, "own origins")


def test_scenes_together_show_no_more_than_each(rng):
    together = album_of(textured(rng, 160, 1) for _ in range(12)).together()
    assert (together.verdict, together.causes) == ("none", ())


def test_the_same_scene_many_times_is_no_evidence(rng):
    """Frames of a film share their scene: their phases agree without any grid."""
    scene = textured(rng, 160, 1).astype(float)
    together = album_of(scene + rng.normal(0, 1, scene.shape) for _ in range(10)).together()
    assert together.verdict == "none"


def test_grey_pictures_among_coloured_ones_count_in_all_channels(rng):
    grey, colour = textured(rng, 128, 1), textured(rng, 128, 3)
    for order in ((grey, colour), (colour, grey)):
        album = album_of(order)
        assert album.together().verdict == "none"
        assert album.count == 2


def test_the_evidence_of_most_pictures_is_that_of_all(rng):
    pictures = [jpeg(textured(rng), 75) for _ in range(3)]
    together = album_of(pictures).together()
    assert [cause.text for cause in together.causes] == ["JPEG, blocks of 8 px from (0, 0)"]


@pytest.mark.parametrize("count", [1, 3, 10])
def test_products_of_p_values_follow_fishers_law(rng, count):
    p = rng.uniform(size=count)
    expected = stats.combine_pvalues(p, method="fisher").pvalue
    assert float(fisher_p(np.log(p).sum(), count)) == pytest.approx(expected)


def test_the_spectrum_of_white_noise_is_its_variance(rng):
    power, tiles = tile_spectrum(rng.normal(0, 3, (512, 512)).astype(np.float32))
    assert tiles == 16
    assert power[8:-8, 8:-1].mean() / tiles == pytest.approx(9, rel=0.02)


def test_a_wave_stands_out_of_the_spectrum_where_it_is(rng):
    x = np.arange(256)
    wave = np.cos(2 * np.pi * (3 * x[:, None] - 2 * x) / 16)
    power, _ = tile_spectrum((wave + rng.normal(0, 1, wave.shape)).astype(np.float32))
    assert contrast_db(power, 3 / 16, -2 / 16) > 20
    assert contrast_db(power, 3 / 16, 2 / 16) < 6
    assert power.shape == (SIDE, SIDE // 2 + 1)


def test_the_interval_of_a_difference_covers_it_as_often_as_it_says(rng):
    """Of 95 % intervals for normal variances of two folders, at least 89 of 100 cover zero."""
    shape = (12, len(PERIODS))
    covered = sum(
        Stronger.between(rng.normal(size=shape), rng.normal(size=shape), period=5, seed=i).which
        is None
        for i in range(100)
    )
    assert covered >= 86


def test_most_pictures_of_a_run_name_what_their_inputs_carry(rng):
    scenes = [textured(rng, 160) for _ in range(3)]
    batch = np.stack([planes(jpeg(scene, 60)) / 255 for scene in scenes])
    found = cause_of(batch, (0, 1))
    assert (found.id, found.period, found.pictures, found.of) == ("jpeg", 8, 3, 3)
    assert cause_of(2 * batch - 1, (-1, 1)) == found
    assert cause_of(np.stack([planes(scene) / 255 for scene in scenes]), (0, 1)) is None
    assert cause_of(batch[:, :, :64], (0, 1)) is None
    assert cause_of(batch[:, 0], (0, 1)) is None


def test_jpeg_once_and_twice_are_one_cause_of_most_inputs():
    """Of eight, three and two, which are five, and three of other kinds."""
    ids = ["jpeg"] * 2 + ["double_jpeg"] * 3 + ["resize"] * 2 + ["decoder"]
    assert _most([(each, 8) for each in ids], 8) == Trace("double_jpeg", 8, 5, 8)
    assert _most([(each, 8) for each in ids[3:]], 8) is None


def test_seams_of_most_outputs_are_found(rng):
    tiles = np.kron(rng.normal(0, 0.04, (4, 1, 12, 12)), np.ones((32, 32)))
    outputs = (0.5 + tiles + rng.normal(0, 0.01, tiles.shape)).astype(np.float32)
    found = seams_of(outputs, (0, 1))
    assert (found.id, found.period, found.of) == ("tiles", 32, 4)


@pytest.mark.parametrize(("period", "tiled"), [(2, True), (4, True), (4, False)])
def test_a_grid_of_the_outputs_hides_no_seams_and_is_none(rng, period, tiled):
    """Whatever the side, each multiple of it may be a column in which the grid is strong."""
    shape = (4, 1, 512, 512)
    outputs = 0.5 + rng.normal(0, 0.01, shape)
    outputs[..., ::period] += 0.04
    outputs[..., ::period, :] += 0.04
    if tiled:
        outputs += np.kron(rng.normal(0, 0.04, (4, 1, 8, 8)), np.ones((64, 64)))
    found = seams_of(outputs.astype(np.float32), (0, 1), lattice=period)
    assert (found and found.period) == (64 if tiled else None)


def test_blocks_and_seams_of_the_inputs_are_no_seams_of_a_model(rng):
    """Blocks of 8 pixels begin at each multiple of 32 as well."""
    scenes = [textured(rng, 448) for _ in range(4)]
    inputs = np.stack([planes(jpeg(scene, 10)) / 255 for scene in scenes])
    tiled = inputs + np.kron(rng.normal(0, 0.1, (4, 1, 14, 14)), np.ones((32, 32)))
    assert traces(inputs, (0, 1), inputs)[1] is None
    assert traces(inputs, (0, 1), tiled.astype(np.float32))[1].period == 32
    assert traces(tiled.astype(np.float32), (0, 1), tiled.astype(np.float32))[1] is None


@pytest.mark.parametrize(("own", "said"), [(False, "from (2, 5)"), (True, "elsewhere in each")])
def test_blocks_that_begin_elsewhere_in_each_picture_have_no_place(rng, own, said):
    corners = [(8 - y, 8 - x) for y, x in ((2, 5), (6, 1), (3, 3), (5, 2), (7, 7), (1, 4))]
    album = Album()
    for i in range(6):
        y, x = corners[i if own else 0]
        cropped = jpeg(textured(rng, 208), 60)[y : y + 192, x : x + 192]
        album.add(look_at(planes(cropped)), *tile_spectrum(planes(cropped)[0]))
    assert album.together().causes[0].text == f"JPEG, blocks of 8 px {said}"


def test_what_differs_between_pictures_of_a_kind_is_not_told_of_all():
    texts = [f"JPEG of quality {q}, blocks of 8 px from ({q % 8}, 0)" for q in (10, 10, 35)]
    assert common_text(texts[:2]) == texts[0]
    assert common_text(texts) == "JPEG of several qualities, blocks of 8 px elsewhere in each"


def test_a_coarse_jpeg_says_so_itself_where_its_blocks_get_no_votes(rng):
    """Blocks of so few values are even, and tell no border from another."""
    grid = album_of([enlarged(textured(rng, 24), 8)] * 2).together().grid
    for quality, name in ((10, "jpeg"), (90, "resize")):
        file = JpegFile(quality, exact=True, luma=standard_table(quality))
        assert causes(grid, (), Evidence(file=file))[0].id == name


def test_the_skirt_of_a_strong_wave_does_not_hide_the_period(rng):
    """Of 1/3 half reaches the strips of 3/8, and turns by a half over 300 pixels."""
    pictures = [enlarged(textured(rng, 200, 1)[..., 0], 1.5) for _ in range(6)]
    grid = album_of(pictures).together().grid
    assert {point.period for point in grid.points} == {3}


def saved(folder, pictures):
    """Save pictures of values 0 to 255 in a new folder."""
    folder.mkdir()
    for number, picture in enumerate(pictures):
        values = np.clip(picture, 0, 255).round().astype(np.uint8)
        Image.fromarray(values).save(folder / f"{number}.png")
    return folder


def dotted(rng, levels):
    """Return four coloured scenes with dots every 2 px, of so many levels by channel."""
    y, x = np.indices((160, 160))
    dots = np.where(y % 2 & x % 2, 1.5, -0.5)[..., None]
    return [textured(rng, 160) + dots * np.array(levels) for _ in range(4)]


@pytest.mark.parametrize(
    ("levels", "theirs", "explained"),
    [
        ((12, 12, 12), (12, 12, 12), True),
        ((12, 12, 12), (1, 1, 1), False),
        ((8, 8, 8), (6, 0, -16), False),
        ((6, 0, -16), (6, 0, -16), True),
        ((0, 6, 0), (6, 0, 0), False),
    ],
)
def test_a_reference_explains_only_what_it_carries_as_strongly(
    rng, tmp_path, levels, theirs, explained
):
    sides = (
        gather(saved(tmp_path / name, dotted(rng, each)))
        for name, each in (("own", levels), ("theirs", theirs))
    )
    found = summarise(next(sides), version="0", reference=next(sides))
    assert found.reference.explained == explained
    assert found.verdict == ("none" if explained else "present")


def test_seams_of_tiles_explain_no_grid_of_another_period():
    seen = Together("present", Grid(2, "both", None, ()), (), (), "one origin", 0.0, None)
    half = Finding(Point(Fraction(1, 2), Fraction(1, 2)), "red", "signed", 1e-9)
    own = replace(seen, findings=(half,))
    tiles = replace(seen, grid=None, causes=(Cause("tiles", "tiles of 20 px"),), seams=20)
    assert not _is_same(own, tiles, 2)
    assert _is_same(own, own, 2)
    eighth = replace(seen, grid=Grid(8, "both", None, ()), findings=(half,))
    assert _is_same(own, eighth, 2)
    assert not _is_same(own, replace(eighth, findings=()), 2)
