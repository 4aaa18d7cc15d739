"""What is seen of grids in few places, against planted ones and pictures that have none."""

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image
from torch import nn

import spectra
from spectra.severity._local_lines import wrong_frequency
from spectra.severity._seen_lines import see_lines
from spectra.severity._standing import grid_that_stands, where_lines_stand
from spectra.severity._visibility import picture_visibility
from spectra.spectrum import plan_maps

SIDE = 128
PLAIN = spectra.Options(blame=False)
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "retina", "rocket", "hubble_deep_field")
TEXTURES = ("brick", "grass", "gravel", "camera", "moon", "page", "text", "coins")


def board(period, side=SIDE):
    y, x = np.mgrid[:side, :side] // (period // 2)
    return torch.from_numpy(np.where((y + x) % 2, 1.0, -1.0)).float()


def clouds(count, generator):
    small = torch.rand(count, 3, SIDE // 16, SIDE // 16, generator=generator)
    large = nn.functional.interpolate(small, size=(SIDE, SIDE), mode="bicubic")
    return 0.2 + 0.3 * large.clamp(0, 1)


def patch(top=32, left=64):
    """Return 1 in a sixteenth of a picture."""
    mask = torch.zeros(SIDE, SIDE)
    mask[top : top + SIDE // 4, left : left + SIDE // 4] = 1
    return mask


def planned(maps, *periods):
    return plan_maps(maps.shape[1:], *periods, count=16)


@pytest.mark.parametrize("period", [2, 4])
@pytest.mark.parametrize("levels", [10, 20])
def test_patches_in_three_of_sixteen_pictures_are_found_and_seen_for_no_more_than_they_are(
    period, levels, generator
):
    """Outlines of a patch weaken it: what is seen is a lower bound, by less than 6 dB."""
    clean = clouds(16, generator)
    maps, planted = clean.clone(), (3, 8, 13)
    for i in planted:
        maps[i] += levels / 255 * board(period) * patch()
    seen = see_lines(maps, planned(maps, (period, period)))
    assert set(seen.pictures) == set(planted)
    assert not seen.controls
    for i in planted:
        truth = picture_visibility(maps[i].numpy(), clean[i].numpy()).values
        shares = np.divide(seen.pictures[i].values, truth)
        assert np.all((shares > 0.5) & (shares < 1.1)), shares


def test_what_stands_in_one_picture_only_may_be_content(generator):
    maps = clouds(16, generator)
    maps[3] += 20 / 255 * board(4) * patch()
    plan = planned(maps, (4, 4))
    assert where_lines_stand(maps[3], plan) is not None
    assert not see_lines(maps, plan).pictures
    maps[9] += 20 / 255 * board(4) * patch(left=32)
    assert set(see_lines(maps, plan).pictures) == {3, 9}


@pytest.mark.parametrize(("levels", "found"), [(3, False), (5, True)])
def test_lines_as_weak_as_those_of_content_are_none(levels, found, generator):
    maps = clouds(16, generator) + levels / 255 * board(2) * patch()
    plan = planned(maps, (2, 2))
    assert where_lines_stand(maps[0], plan) is not None
    assert bool(see_lines(maps, plan).pictures) == found


@pytest.mark.parametrize(("levels", "found"), [(16, True), (40, False)])
def test_textures_as_large_at_wrong_frequencies_take_the_word_away(levels, found, generator):
    maps = clouds(16, generator)
    plan = planned(maps, (4, 4))
    for i in (3, 9):
        maps[i] += 20 / 255 * board(4) * patch()
    f, _ = wrong_frequency((0.25, 0.0), plan.period)
    wave = torch.cos(2 * torch.pi * f * torch.arange(SIDE))[:, None].expand(SIDE, SIDE).clone()
    wave[:, SIDE // 2 :] = 0
    clean = maps[6].clone()
    maps[6] += levels / 255 * wave
    seen = see_lines(maps, plan)
    assert bool(seen.pictures) == found
    assert bool(seen.controls) == found
    if found:
        truth = picture_visibility(maps[6].numpy(), clean.numpy()).values
        np.testing.assert_allclose(seen.controls[6].values, truth, rtol=0.25)


def test_a_grid_itself_is_no_control(generator):
    for period in (2, 4, 8):
        picture = clouds(1, generator)[0] + 20 / 255 * board(period) * patch()
        assert (
            where_lines_stand(picture, planned(picture[None], (period, period)), wrong=True) is None
        )


@pytest.mark.parametrize("sigma", [5.0, 8.0])
def test_the_grid_of_a_small_dark_patch_is_taken_out_of_it(sigma, generator):
    """Smaller than a line is local in, which alone reads a fraction of it."""
    y, x = np.mgrid[:SIDE, :SIDE]
    hill = torch.from_numpy(np.exp(-((y - 60) ** 2 + (x - 70) ** 2) / (2 * sigma**2))).float()
    clean = clouds(1, generator)[0] * (1 - 0.8 * hill)
    grid = 40 / 255 * board(4) * hill
    plan = planned(clean[None], (4, 4))
    standing = where_lines_stand(clean + grid, plan)
    found = grid_that_stands(clean + grid, standing.weight, plan)
    assert (found - grid).square().sum() < 0.05 * grid.expand_as(found).square().sum()
    assert found[:, :20].abs().max() < 1e-3


def test_borders_are_mirrors_and_hold_no_line():
    """The same few pixels, mirrored at a border or not."""
    y, x = np.mgrid[:SIDE, :SIDE]
    for row, found in ((0, False), (3, True), (64, True)):
        hill = torch.from_numpy(np.exp(-((y - row) ** 2 + (x - 64) ** 2) / 18)).float()
        wide = torch.from_numpy(np.exp(-((y - row) ** 2 + (x - 64) ** 2) / 128)).float()
        picture = 0.4 + 40 / 255 * board(2) * (hill if row == 0 else wide).expand(3, -1, -1)
        standing = where_lines_stand(picture, planned(picture[None], (2, 2)))
        assert (standing is not None) == found
        assert standing is None or not standing.weight[:6].any()


def test_pictures_too_small_for_a_word_are_not_looked_at(generator):
    maps = clouds(16, generator)[..., :40, :40] + 20 / 255 * board(2)[:40, :40]
    plan = planned(maps, (2, 2))
    assert where_lines_stand(maps[0], plan) is not None
    assert not see_lines(maps, plan).pictures


@pytest.mark.parametrize("longest", [2, 3, 4, 8])
@pytest.mark.parametrize("halved", [False, True])
def test_photographs_and_textures_show_none(longest, halved):
    periods = [(p, p) for p in (2, 3, 4, 8) if longest % p == 0]
    maps = []
    for name in (*PHOTOGRAPHS, *TEXTURES):
        values = getattr(skimage.data, name)()
        values = values[..., None] if values.ndim == 2 else values
        picture = torch.from_numpy(values.copy()).permute(2, 0, 1).float() / 255
        if halved and min(picture.shape[1:]) >= 384:
            picture = nn.functional.avg_pool2d(picture, 2)
        if min(picture.shape[1:]) < 192:
            continue
        y, x = ((n - 192) // 2 for n in picture.shape[1:])
        maps.append(picture[:, y : y + 192, x : x + 192].expand(3, -1, -1))
    pictures = torch.stack(maps)
    assert len(pictures) >= 8
    assert not see_lines(pictures, planned(pictures, *periods)).pictures


class Dark(nn.Module):
    """Enlarges four times, bicubically, with a board in dark places of pictures."""

    def __init__(self, levels):
        super().__init__()
        self.up = nn.Upsample(scale_factor=4, mode="bicubic")
        self.levels = levels

    def forward(self, x):
        x = self.up(x)
        dark = torch.sigmoid((0.15 - x.mean(1, keepdim=True)) * 60)
        return (x + self.levels / 255 * dark * board(4, x.shape[-1])).clamp(0, 1)


@pytest.fixture
def pictures(tmp_path):
    whole = skimage.data.astronaut()
    small = whole.reshape(128, 4, 128, 4, 3).mean((1, 3)).round().astype(np.uint8)
    for i in range(16):
        y, x = 26 * (i // 4), 26 * (i % 4)
        Image.fromarray(small[y : y + 48, x : x + 48]).save(tmp_path / f"{i:02}.png")
    return tmp_path


def test_a_checkerboard_of_dark_places_has_the_word_of_what_is_seen_there(pictures):
    severity = spectra.analyze(Dark(20), pictures, options=PLAIN).summary.severity
    assert severity.word in ("visible", "strong")
    assert severity.seen == "local lines"
    assert severity.lines_visibility[1] >= 1 > severity.visibility[1]
    assert severity.holding >= 2
    assert severity.where.levels > 10


@pytest.mark.slow
def test_a_weak_one_has_no_word_of_its_own(pictures):
    with_grid, without = (
        spectra.analyze(Dark(n), pictures, options=PLAIN).summary.severity for n in (2, 0)
    )
    assert with_grid.lines_visibility is None
    assert with_grid.word == without.word
