"""Where outputs show their grid, against where it was planted."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import spectra
from spectra.plot._where import where_figure
from spectra.severity import Graded
from spectra.severity._graded import _in_the_output
from spectra.severity._in_place import grid_in_place
from spectra.severity._looked_at import LookedAt, locked_part
from spectra.severity._place_period import period_at
from spectra.severity._where import find_where
from spectra.spectrum import plan_maps

SIDE = 128
LEVEL = 0.08  # of the planted boards: 20 grey levels


def board(period=2, side=SIDE):
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    return (-1.0) ** (y // (period // 2) + x // (period // 2))


def smooth(count, generator, channels=3):
    """Return pictures of soft clouds in 0.3 to 0.7."""
    small = torch.rand(count, channels, SIDE // 16, SIDE // 16, generator=generator)
    large = nn.functional.interpolate(small, size=(SIDE, SIDE), mode="bicubic")
    return 0.3 + 0.4 * large.clamp(0, 1)


def quarter(row, column):
    """Return 1 in one quarter of a picture."""
    mask = torch.zeros(SIDE, SIDE)
    half = SIDE // 2
    mask[row * half : (row + 1) * half, column * half : (column + 1) * half] = 1
    return mask


def looked_at(maps, *periods, unit=(0.0, 1.0)):
    plan = plan_maps(maps.shape[1:], *periods, count=max(len(maps), 16))
    return LookedAt(maps, (0,) * (maps.ndim - 2), plan, unit=unit)


def found(maps, *periods, unit=(0.0, 1.0)):
    shown = looked_at(maps, *periods, unit=unit)
    return find_where(shown, locked_part(shown), range(len(maps)))


@pytest.mark.parametrize("corner", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_grid_in_one_quarter_of_all_pictures_is_found_there_and_has_its_amplitude(
    corner, generator
):
    """Its average over a picture has a quarter of that, everywhere."""
    mask = quarter(*corner)
    where = found(smooth(12, generator) + LEVEL * board() * mask, (2, 2))
    assert mask[where.spot.place] == 1
    assert where.spot.amplitude == pytest.approx(LEVEL, rel=0.05)
    assert where.spot.levels == pytest.approx(255 * LEVEL, rel=0.05)
    inside, outside = (where.heat[np.asarray(m, bool)] for m in (mask, quarter_off(corner)))
    assert np.median(inside) > 0.9 * LEVEL
    assert np.percentile(outside, 90) < 0.1 * LEVEL  # corners of the two touch
    grid = where.grid[:, np.asarray(mask, bool)]
    assert np.abs(grid).mean() == pytest.approx(LEVEL, rel=0.1)


def quarter_off(corner):
    """Return 1 in the quarter that is opposite."""
    return quarter(1 - corner[0], 1 - corner[1])


def test_the_picture_that_shows_most_is_chosen(generator):
    strength = torch.linspace(0.2, 1, 12).roll(5).reshape(12, 1, 1, 1)
    where = found(smooth(12, generator) + LEVEL * strength * board(), (2, 2))
    assert where.spot.picture == int(strength.argmax())


def test_a_checkerboard_of_one_picture_is_found_though_no_average_has_it(generator):
    maps = smooth(12, generator)
    maps[7] += LEVEL * board() * quarter(1, 0)
    where = found(maps, (2, 2))
    assert where.spot.picture == 7
    assert quarter(1, 0)[where.spot.place] == 1


def test_a_small_dark_patch_is_found(generator):
    """Five pixels of Gaussian: less than a local line is local in."""
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    patch = torch.exp(-((y - 40) ** 2 + (x - 90) ** 2) / (2 * 5.0**2))
    where = found(smooth(12, generator) + 0.2 * board() * patch, (2, 2), (4, 4))
    assert abs(where.spot.place[0] - 40) < 8
    assert abs(where.spot.place[1] - 90) < 8


@pytest.mark.parametrize(("strong", "weak"), [(2, 4), (4, 2)])
def test_the_place_says_the_period_of_its_own_grid(strong, weak, generator):
    """In one quarter a strong board, in the opposite one a weak board of another period."""
    boards = LEVEL * board(strong) * quarter(0, 0) + 0.4 * LEVEL * board(weak) * quarter(1, 1)
    where = found(smooth(12, generator) + boards, (2, 2), (4, 4))
    assert quarter(0, 0)[where.spot.place] == 1
    assert where.spot.period == (strong, strong)
    assert where.to_dataset().attrs["period"] == [strong, strong]


def test_a_grid_of_two_periods_at_one_place_has_the_longer(generator):
    both = LEVEL * (board(2) + 0.5 * board(4))  # a fifth of the power
    assert found(smooth(12, generator) + both, (2, 2), (4, 4)).spot.period == (4, 4)


def test_a_grid_of_rows_alone_has_the_period_of_rows(generator):
    rows = LEVEL * (-1.0) ** torch.arange(SIDE)[:, None]
    shown = looked_at(smooth(12, generator) + rows, (2, 1), (2, 2))
    assert period_at((rows + torch.zeros(3, SIDE, SIDE)), (64, 64), shown.plan) == (2, 1)
    assert period_at(torch.zeros(3, SIDE, SIDE), (64, 64), shown.plan) is None


def test_the_map_of_a_board_everywhere_is_the_same_everywhere(generator):
    maps = 0.5 + torch.zeros(12, 3, SIDE, SIDE) + LEVEL * board()
    heat = found(maps, (2, 2)).heat
    np.testing.assert_allclose(heat[16:-16, 16:-16], LEVEL, rtol=0.02)


def test_blocks_are_found_at_edges_where_no_line_is(generator):
    """What nearest neighbours add stands where the picture changes."""
    small = torch.full((16, 1, SIDE // 4, SIDE // 4), 0.5)
    slope = 0.3 * torch.randn(16, 1, SIDE // 4, 8, generator=generator).cumsum(2) / 4
    small[..., 4:12] += slope - slope.mean((2, 3), keepdim=True)
    maps = small.repeat_interleave(4, 2).repeat_interleave(4, 3)
    where = found(maps, (4, 4))
    assert 16 <= where.spot.place[1] < 48
    assert where.heat[:, 80:].max() < 0.1 * where.heat.max()


def test_clean_pictures_show_nothing(generator):
    where = found(smooth(12, generator), (2, 2), (4, 4))
    assert where is None or where.spot.levels < 0.5


def test_fine_content_hides_a_grid(generator):
    """The same board stands out less where the picture itself is as fine."""
    rough = smooth(12, generator)
    rough[..., : SIDE // 2] += 0.3 * torch.rand(12, 3, SIDE, SIDE // 2, generator=generator)
    maps = rough + 0.008 * board()
    shown = looked_at(maps, (2, 2))
    locked = locked_part(shown)
    heat = grid_in_place(maps[0], locked[0], shown.plan).heat
    assert heat[:, : SIDE // 4].median() < 0.6 * heat[:, -SIDE // 4 :].median()


def test_few_pictures_have_places_too(generator):
    """Of fewer than 11 no locked part is known, but local lines are."""
    maps = smooth(3, generator)
    maps[1] += LEVEL * board() * quarter(0, 1)
    where = found(maps, (2, 2))
    assert (where.spot.picture, quarter(0, 1)[where.spot.place]) == (1, 1)


def test_a_signal_is_kept_about_its_place(generator):
    maps = 0.1 * torch.randn(12, 1, 12000, generator=generator)
    maps[4, 0, 9000:9400] += torch.tensor([1.0, -1.0]).repeat(200)
    where = found(maps, (2,), unit=None)
    assert (where.spot.picture, where.spot.levels) == (4, None)
    assert 9000 <= where.spot.place[0] < 9400
    assert where.start[0] <= 9000 < 9400 <= where.start[0] + where.heat.shape[0]
    assert where.heat.shape[0] <= 4096
    assert where.heat[where.spot.place[0] - where.start[0]] == where.heat.max()


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (5.0, 9.0)])
def test_the_figure_and_the_summary_tell_one_share(generator, low, high):
    """Of an output that is no picture: over a usual range where it has one, else over its own."""
    span = high - low
    maps = low + span * torch.rand(12, 1, 64, 64, generator=generator)
    maps = (maps + 0.5 * span * board(2, 64)).clamp(low, high)
    where = found(maps, (2, 2), unit=None)
    (note,) = (text.get_text() for text in where_figure(where.to_dataset(), dpi=100).texts)
    assert f"{100 * where.spot.share:.2g} % of the range" in note
    assert where.shown == pytest.approx(
        (low, high), abs=0.02 * span
    )  # a hundredth of it is left out


def test_of_a_volume_the_plane_of_the_place_is_kept(generator):
    maps = 0.1 * torch.randn(12, 1, 24, 48, 48, generator=generator)
    maps[2, 0, 4:20, :, :24] += torch.tensor([1.0, -1.0]).repeat(12)
    where = found(maps, (1, 1, 2), unit=None)
    assert where.spot.picture == 2
    assert 4 <= where.spot.place[0] < 20
    assert where.start == (where.spot.place[0], 0, 0)
    np.testing.assert_array_equal(where.output[0], maps[2, 0, where.spot.place[0]])


class Planted(nn.Module):
    """Enlarges twice, bilinearly, with a board in one quarter or none; then what follows."""

    def __init__(self, level, *, then=None, shift=(0, 0)):
        super().__init__()
        self.up = nn.Upsample(scale_factor=2, mode="bilinear")
        self.level, self.then, self.shift = level, then, shift

    def forward(self, x):
        x = 0.2 + 0.6 * self.up(x)
        y = torch.zeros(x.shape[-2:])
        y[: x.shape[-2] // 2, : x.shape[-1] // 2] = self.level
        rows, columns = (torch.arange(n) for n in y.shape)
        x = x + y * (-1.0) ** (rows[:, None] + columns)
        return x if self.then is None else self.then(x)


@pytest.fixture
def pictures(tmp_path, generator):
    for i, picture in enumerate(smooth(16, generator)[..., ::2, ::2]):
        levels = (255 * picture).round().byte().permute(1, 2, 0).numpy()
        Image.fromarray(levels).save(tmp_path / f"{i:02}.png")
    return tmp_path


@pytest.mark.slow
def test_a_run_finds_the_quarter_and_keeps_it(pictures, tmp_path):
    result = spectra.analyze(Planted(LEVEL), pictures)
    spot = result.summary.severity.where
    assert max(spot.place) < 64
    assert spot.levels == pytest.approx(255 * LEVEL, rel=0.1)
    result.save(tmp_path / "out")
    data = spectra.report.read_tree(tmp_path / "out")["where"]
    assert data["heat"].dims == ("y", "x")
    heat = data["heat"].to_numpy()
    assert heat[:48, :48].mean() > 10 * heat[-48:, -48:].mean()
    assert tuple(data.attrs["place"]) == spot.place
    assert "crop" not in result.data.children
    assert f"most at row {spot.place[0]}, column {spot.place[1]} of output" in " ".join(
        repr(result).split()
    )


def test_a_run_without_a_grid_has_no_place_and_a_crop_of_the_middle(pictures):
    """Sinc interpolation of soft clouds leaves nothing."""
    result = spectra.analyze(Planted(0.0), pictures)
    if result.verdict == "none":
        assert result.summary.severity.where is None
        assert "where" not in result.data.children
        assert tuple(result.data["crop"].attrs["limits"]) == (0.0, 1.0)
    spot = result.summary.severity.where
    assert spot is None or spot.levels < 1


def test_of_many_channels_the_one_with_most_grid_is_looked_at(generator):
    class Features(nn.Module):
        def __init__(self):
            super().__init__()
            self.up = nn.Upsample(scale_factor=2, mode="bilinear")

        def forward(self, x):
            x = self.up(x).clone()
            rows, columns = (torch.arange(n) for n in x.shape[-2:])
            x[:, 5] += 0.3 * (-1.0) ** (rows[:, None] + columns)
            return x

    inputs = torch.randn(16, 8, 48, 48, generator=generator)
    result = spectra.analyze(Features(), inputs, options=spectra.Options(blame=False))
    spot = result.summary.severity.where
    assert (spot.channel, spot.levels) == (5, None)
    assert result.data["where"].sizes["channel"] == 1


def test_pixels_are_counted_in_the_whole_output(generator):
    """Of outputs larger than 512 pixels the middle is looked at."""
    maps = smooth(12, generator) + LEVEL * board() * quarter(0, 1)
    here, there = looked_at(maps, (2, 2)), replace(looked_at(maps, (2, 2)), start=(16, 32))
    locked = locked_part(here)
    place, moved = (find_where(each, locked, [0]).spot.place for each in (here, there))
    assert moved == (place[0] + 16, place[1] + 32)
    graded = Graded("faint", "visibility", picture=1, place=(3, 4))
    in_output = _in_the_output(graded, [7, 9], start=(16, 32))
    assert (in_output.picture, in_output.place) == (9, (19, 36))


def test_lines_as_weak_as_those_of_edges_are_none_but_the_average_knows_a_weak_grid(generator):
    maps = smooth(12, generator)
    weak, strong = (maps[0] + level * board() for level in (0.004, 0.03))
    plan, none = looked_at(maps, (2, 2)).plan, torch.zeros_like(maps[0])
    assert grid_in_place(weak, none, plan).heat.max() < 1e-6
    assert grid_in_place(strong, none, plan).heat.median() == pytest.approx(0.03, rel=0.05)
    where = found(maps + 0.004 * board(), (2, 2))
    assert where.spot.amplitude == pytest.approx(0.004, rel=0.2)
