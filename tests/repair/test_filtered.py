"""The layer behind a model: against decoders whose grid is known, and by its own definition."""

import numpy as np
import pytest
import torch
from torch import nn

from spectra.errors import ConversionError, LoadError
from spectra.probe import PhaseFilter
from spectra.repair import Filtered, find_layer
from spectra.repair._calm import calmed_by_mean, period_mean, widened
from spectra.repair._fidelity import psnr_db
from spectra.repair._fine import shared_part
from spectra.run._turned import turned
from spectra.signals import power_law_noise
from support.planted_places import decoder, inputs
from support.realdata import kodak

PERIODS = [(2, 2)]
SPAN = (0.0, 1.0)


def outputs(model, x):
    with torch.no_grad():
        return model(x)


@pytest.fixture(scope="module")
def everywhere():
    """Outputs of a decoder whose grid is everywhere, and the layer that was found on half."""
    x = inputs(places=False)
    old, truth = outputs(decoder(gain=0.3), x), outputs(decoder(), x)
    aim = find_layer(old[::2], PERIODS, span=SPAN)
    return old[1::2], truth[1::2], aim


def test_what_comes_back_on_unseen_inputs_is_the_unbroken_decoder(everywhere):
    """A filter for each phase is all that was planted, so it goes but for its mean gain."""
    old, truth, aim = everywhere
    gain = 1 + 0.3 / 4  # of the mean over the phases, which no grid is
    new = Filtered.of(nn.Identity(), aim)(old)
    assert aim.calm == "none"
    inner = (..., slice(8, -8), slice(8, -8))
    before, after = (psnr_db(maps[inner], gain * truth[inner]) for maps in (old, new))
    assert before < 26
    assert after > before + 18


def test_maps_of_another_size_lose_the_same_grid(everywhere):
    old, _, aim = everywhere
    layer = Filtered.of(nn.Identity(), aim)
    part = old[..., :62, :66]
    inner = (..., slice(0, 34), slice(0, 38))  # the low-pass reads 24 pixels on
    assert torch.allclose(layer(part)[inner], layer(old)[inner], atol=2e-3)
    assert layer(part).shape == part.shape


def test_the_layer_is_the_filter_of_each_phase_by_its_definition():
    """A constant and a gain of phase 1: what is taken out is written down by hand."""
    taps = torch.zeros(1, 2, 2)
    taps[0, 0], taps[0, 1] = torch.tensor([0.25, -0.25]), torch.tensor([0.0, 0.5])
    slow = torch.full((1, 1, 64), 3.0)
    made = PhaseFilter(taps, torch.tensor([1.0]))(slow)  # the base band of a constant is itself
    expected = np.where(np.arange(64) % 2 == 0, 0.25, -0.25 + 0.5 * (3 - 1))
    np.testing.assert_allclose(made[0, 0].numpy(), expected, atol=1e-6)


def test_outputs_without_a_grid_are_refused():
    noise = np.asarray(power_law_noise((24, 1, 64, 64), seed=0, exponent=2.0, axes=2))
    clean = torch.from_numpy(0.5 + 0.08 * noise / noise.std()).float()
    with pytest.raises(ConversionError, match="no grid was found"):
        find_layer(clean, PERIODS, span=SPAN)


def test_where_a_grid_stands_in_places_the_mean_over_a_period_is_put():
    old = outputs(decoder(place=0.6), inputs())
    aim = find_layer(old[::2], PERIODS, span=SPAN)
    assert aim.calm == "mean"
    assert aim.tried[0].worst > 15 / 255
    assert aim.tried[-1].worst < aim.tried[0].worst / 2
    layer = Filtered.of(nn.Identity(), aim)
    assert torch.equal(layer(old[1::2]), aim.of(old[1::2], old[1::2]).outputs)


def test_texture_in_the_places_of_a_grid_is_not_blurred_for_it():
    """There the mean over a period would take more of the detail than a repair may."""
    x = inputs()
    old = outputs(decoder(place=0.6), x)
    noise = torch.randn(old.shape, generator=torch.Generator().manual_seed(0))
    blob = torch.nn.functional.interpolate(x[:, 1:], scale_factor=2)
    aim = find_layer(old + 0.06 * blob * noise, PERIODS, span=SPAN)
    plain, *means = aim.tried[1:]
    assert [way.calm for way in means] == ["mean", "mean"]
    assert max(way.worst for way in means) < plain.worst / 2  # it would have been calm
    assert aim.calm == "none"


def test_a_grid_in_textured_places_that_no_outputs_share_is_refused():
    """Every second output has it with the other sign, and the mean would take the texture along."""
    x = inputs()
    signs = (-1.0) ** torch.arange(len(x)).view(-1, 1, 1, 1)
    ways = (outputs(decoder(place=place), x) for place in (0.6, -0.6))
    old = torch.where(signs > 0, *ways)
    noise = torch.randn(old.shape, generator=torch.Generator().manual_seed(0))
    blob = torch.nn.functional.interpolate(x[:, 1:], scale_factor=2)
    with pytest.raises(ConversionError, match=r"more than 0\.5 dB of all detail"):
        find_layer(old + 0.1 * blob * noise, PERIODS, span=SPAN)


def test_what_is_written_is_the_same_layer(everywhere, tmp_path):
    old, _, aim = everywhere
    for calmed in (None, (PERIODS, SPAN)):
        layer = Filtered(nn.Identity(), aim.average.filters, calmed=calmed)
        layer.save(tmp_path / "filter.safetensors")
        again = Filtered.load(nn.Identity(), tmp_path / "filter.safetensors")
        assert torch.equal(again(old), layer(old))
        assert again.facts() == layer.facts()


@pytest.mark.parametrize("content", [None, b"", b"no layer"])
def test_another_file_is_refused(content, tmp_path):
    path = tmp_path / "filter.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LoadError, match="is no layer of a repair"):
        Filtered.load(nn.Identity(), path)


def test_weights_of_a_model_are_no_layer(tmp_path):
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(2)}, tmp_path / "model.safetensors")
    with pytest.raises(LoadError, match=r"expected spectra.filter/1"):
        Filtered.load(nn.Identity(), tmp_path / "model.safetensors")


@pytest.mark.parametrize("calmed", ["[", "{}", "3"])
def test_a_layer_whose_notes_are_damaged_is_refused(calmed, tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / "filter.safetensors"
    save_file({}, path, {"schema": "spectra.filter/1", "calmed": calmed})
    with pytest.raises(LoadError, match="is no layer of a repair"):
        Filtered.load(nn.Identity(), path)


@pytest.mark.parametrize(("shape", "expected"), [((4, 4), 7), ((4, 6), 3)])
def test_pictures_are_turned_each_way_but_their_own(shape, expected):
    x = torch.arange(24.0).reshape(-1)[: shape[0] * shape[1]].reshape(1, 1, *shape)
    ways = turned(x)
    assert len(ways) == expected
    different = {each.numpy().tobytes() for each in (x, *ways)}
    assert len(different) == expected + 1
    flipped = {np.flip(x[0, 0].numpy(), axes).tobytes() for axes in (0, 1, (0, 1))}
    assert flipped <= {each[0, 0].numpy().tobytes() for each in ways}
    assert all(each.shape == x.shape for each in ways)


def test_pictures_that_are_turned_tell_a_faint_grid_better():
    """The part that all share is nearer to the one that was planted."""
    x = inputs(places=False)[:12]
    planted, clean = decoder(gain=0.02), decoder()
    old = outputs(planted, x)
    more = torch.stack([outputs(planted, each) for each in turned(x)], dim=1)
    truth = old - 1.005 * outputs(clean, x)  # a quarter of the pixels is 2 % too loud
    inner = (..., slice(8, -8), slice(8, -8))
    errors = []
    for turns in (None, more):
        part = shared_part(old, PERIODS, turned=turns)
        assert part is not None
        errors.append(float((part.locked(old) - truth)[inner].square().mean()))
    assert errors[1] < errors[0]


@pytest.mark.parametrize("period", [(4,), (2, 2), (3, 1), (2, 3), (2, 2, 2)])
def test_the_mean_over_a_period_has_no_grid_left_and_keeps_what_is_constant(period):
    """Its transfer is zero at every lattice point: a grid of any phases becomes its mean."""
    random = np.random.default_rng(0)
    grid = random.normal(size=period)
    sides = [24] * len(period)
    phases = (np.arange(n) % s for n, s in zip(sides, period, strict=True))
    places = np.meshgrid(*phases, indexing="ij")
    maps = torch.from_numpy(5 + grid[tuple(places)])[None, None]
    made = period_mean(maps, period)[0, 0].numpy()
    inner = (slice(3, -3),) * len(period)
    np.testing.assert_allclose(made[inner], 5 + grid.mean(), atol=1e-6)
    slow = sum(np.roll(maps[0, 0].numpy(), k, 0) for k in range(period[0])) / period[0]
    if period == (3, 1):  # an odd one is the plain mean
        np.testing.assert_allclose(made[inner], np.roll(slow, -1, 0)[inner], atol=1e-6)


def test_a_place_is_widened_by_a_few_pixels_with_soft_borders():
    weight = torch.zeros(1, 41, 41)
    weight[0, 20, 20] = 1
    wide = widened(weight)[0]
    assert wide[20, 20] > 0.75
    assert 0.25 < float(wide[20, 23]) < 0.5  # the border of a square of 5, half a pixel outside
    assert float(wide[20, 28]) == 0
    assert torch.allclose(wide, wide.T, atol=1e-6)


def test_a_picture_without_a_grid_is_left_as_it_is():
    noise = np.asarray(power_law_noise((2, 3, 64, 64), seed=1, exponent=2.0, axes=2))
    clean = torch.from_numpy(0.5 + 0.08 * noise / noise.std()).float()
    made, places = calmed_by_mean(clean, [(2, 2), (4, 4)], span=SPAN)
    assert torch.equal(made, clean)
    assert float(places.max()) == 0


def test_one_picture_alone_is_calmed_as_among_others():
    old = outputs(decoder(place=0.6), inputs(4))
    many, _ = calmed_by_mean(old, PERIODS, span=SPAN)
    assert not torch.equal(many, old)
    one, _ = calmed_by_mean(old[1:2], PERIODS, span=SPAN)
    assert torch.allclose(one, many[1:2], atol=1e-6)


@pytest.mark.parametrize("number", [1, 5, 8])
def test_photographs_are_left_as_they_are_but_for_a_hundredth(data_dir, number):
    """What the gate takes for a grid in pictures that have none."""
    picture = np.asarray(kodak(data_dir, number), np.float32)[100:356, 100:356] / 255
    photo = torch.from_numpy(picture.transpose(2, 0, 1))[None]
    _, places = calmed_by_mean(photo, [(2, 2), (4, 4)], span=SPAN)
    assert float((places > 0.05).float().mean()) < 0.01
