"""The appendix: curves of power over frequency, and mosaics of feature maps."""

from itertools import pairwise

import numpy as np
import pytest
import torch
import xarray as xr

from spectra.errors import ParameterError

SIDE = 64
ONCE = "pgd:eps=8/255,alpha=0.01,steps=1,loss=psnr"
SCRIPTS = ("appendix_radial_power", "appendix_feature_mosaic")


def shown(ax):
    """Return what a panel shows."""
    return np.asarray(ax.images[0].get_array())


def at_last_step(model, x):
    """Return the maps behind a network's last upsampling, by a plain hook."""
    kept = []
    hook = model.ups[-1].register_forward_hook(lambda _module, _given, made: kept.append(made[0]))
    with torch.no_grad():
        model(x[None])
    hook.remove()
    return kept[0].double().numpy()


def annulus_curve(maps):
    """Return the authors' curve of square maps (..., N, N), in its plainest form."""
    side = maps.shape[-1]
    power = (np.abs(np.fft.fftshift(np.fft.fft2(maps), (-2, -1))) ** 2).reshape(-1, side, side)
    k = np.arange(side) - side // 2
    radius = np.hypot(k[:, None], k)
    edges = np.arange(0.5, side // 2 + 1)
    curve = np.array(
        [
            power.mean(0)[(radius >= low) & (radius < high)].mean() * np.pi * (high**2 - low**2)
            for low, high in pairwise(edges)
        ]
    )
    return curve / curve[0]


def test_the_curves_of_the_appendix_are_the_authors(script, models, pictures):
    figure = script("appendix_radial_power").draw(models, pictures)
    panels = np.reshape(figure.axes[:4], (2, 2))
    k = np.arange(1, SIDE // 2 + 1)
    expected = {
        label: annulus_curve(np.stack([at_last_step(model, p.input) for p in pictures]))
        for label, model in models.items()
    }
    expected["ground truth"] = annulus_curve(np.stack([p.target.double() for p in pictures]))
    for ax in panels[1]:
        assert {line.get_label() for line in ax.lines} == set(expected)
        for line in ax.lines:
            np.testing.assert_array_equal(line.get_xdata(), k)
            np.testing.assert_allclose(line.get_ydata(), expected[line.get_label()], rtol=1e-3)
    whole, zoom = panels[1]
    (frame,) = whole.patches
    (left, low), wide, tall = frame.get_xy(), frame.get_width(), frame.get_height()
    assert zoom.get_xlim() == pytest.approx((left, left + wide))
    assert zoom.get_ylim() == pytest.approx((low, low + tall))
    assert (left, left + wide) == (15, 32)


def test_the_zoom_is_the_authors_where_their_curves_are(script):
    module = script("appendix_radial_power")
    k = np.arange(1, 129)

    def curve(exponent):
        return xr.DataArray(k**exponent, dims="f", coords={"k": ("f", k)})

    assert module.frame({"a": curve(-2.0), "b": curve(-1.5)}) == (15, 128, 2e-2)
    taller = module.frame({"a": curve(-2.0), "b": curve(-0.5)})
    assert taller == pytest.approx((15, 128, 15**-0.5))


def test_curves_of_attacked_pictures_are_others(script, models, pictures):
    module = script("appendix_radial_power")
    clean, attacked = (module.curves(models, pictures, attack)[-1] for attack in (None, ONCE))
    assert all(float(abs(attacked[label] / clean[label] - 1).max()) > 0.01 for label in models)


def test_networks_of_other_numbers_of_steps_have_no_figure_together(script, models, pictures):
    deeper = torch.nn.Sequential(models["LCTC"], torch.nn.Upsample(scale_factor=2))
    with pytest.raises(ParameterError, match="shuffle: 2, deeper: 3"):
        script("appendix_radial_power").curves(
            {"shuffle": models["shuffle"], "deeper": deeper}, pictures[:1]
        )


def test_a_mosaic_holds_the_channels_in_order_in_one_scale(script, models, pictures):
    module = script("appendix_feature_mosaic")
    box = script("_panels").Box(8, 16, 32)
    figure = module.draw(models, pictures[0], box=box, attack=ONCE)
    panels = np.reshape(figure.axes, (2, 2))
    for line, (label, model) in zip(panels, models.items(), strict=True):
        assert line[0].get_ylabel().startswith(f"{label}\nstep ups.1")
        maps = at_last_step(model, pictures[0].input)[:, 16:48, 8:40]
        for number, channel in enumerate(maps):
            row, column = divmod(number, 4)
            cell = shown(line[0])[33 * row : 33 * row + 32, 33 * column : 33 * column + 32]
            inside = (cell > 0) & (cell < 1)
            assert inside.mean() > 0.9
            slope, offset = np.polyfit(channel[inside], cell[inside], 1)
            assert slope > 0
            np.testing.assert_allclose(cell[inside], slope * channel[inside] + offset, atol=1e-5)
        assert shown(line[0]).shape == shown(line[1]).shape == (65, 131)
        assert not np.array_equal(shown(line[0]), shown(line[1]))


def test_a_mosaic_shows_ninety_six_channels_in_eight_rows(script):
    module = script("appendix_feature_mosaic")
    levels = np.linspace(0, 0.9, 96)[:, None, None] * np.ones((1, 3, 4))
    whole = module.tiled(levels)
    assert whole.shape == (8 * 4 - 1, 12 * 5 - 1)
    assert whole[7 * 4, 11 * 5] == 0.9
    assert (whole[3] == 1).all()
    maps = torch.zeros(200, 6, 6)
    assert len(module.part(maps, maps, script("_panels").Box(0, 0, 6))) == 96


def test_steps_are_named_or_numbered(script, models, pictures):
    module = script("_features")
    maps = module.features(models["shuffle"], pictures[0].input)
    assert {name: tuple(made.shape) for name, made in maps.items()} == {
        "ups.0.1": (16, SIDE // 2, SIDE // 2),
        "ups.1.1": (8, SIDE, SIDE),
    }
    expected = at_last_step(models["shuffle"], pictures[0].input)
    np.testing.assert_allclose(maps["ups.1.1"].numpy(), expected, atol=1e-5)
    assert module.step_of(maps, None) == module.step_of(maps, "2") == "ups.1.1"
    assert module.step_of(maps, "ups.0.1") == module.step_of(maps, "1") == "ups.0.1"
    with pytest.raises(ParameterError, match="expected 1 to 2"):
        module.step_of(maps, "3")
    with pytest.raises(ParameterError, match="no upsampling step"):
        module.features(torch.nn.Conv2d(3, 3, 1), pictures[0].input)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_writes_the_same_bytes_twice(drawn_by_script, name):
    first, second = (drawn_by_script(name, "--num", "1", "--attack", ONCE) for _ in "ab")
    assert first == second
    assert len(first) > 5000
