"""Figures 1 and 5: pictures, numbers and spectra on them are those of what networks make."""

import re

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio

from spectra.errors import ParameterError

ONCE = "pgd:eps=8/255,alpha=0.01,steps=1,loss=psnr"
SCRIPTS = ("fig1_clean_and_attacked", "fig5_attacked_restorations")


def shown(ax):
    """Return what a panel shows."""
    return np.asarray(ax.images[0].get_array())


def last(array):
    """Return a picture (C, y, x) with its channels last, cut to what can be shown."""
    return np.moveaxis(np.clip(array.double().numpy(), 0, 1), 0, -1)


def decibels(text):
    return float(re.search(r"[\d.]+(?= dB)", text)[0])


def test_under_each_output_of_figure_1_stands_its_psnr(script, models, pictures):
    figure = script("fig1_clean_and_attacked").draw(models, pictures, attack=ONCE)
    panels = np.reshape(figure.axes[:8], (2, 4))
    target = last(pictures[0].target)
    for line, (label, model) in zip(panels, models.items(), strict=True):
        assert line[0].get_ylabel() == label
        with torch.no_grad():
            np.testing.assert_allclose(
                shown(line[0]), last(model(pictures[0].input[None])[0]), atol=1e-6
            )
        told = [decibels(ax.get_xlabel()) for ax in line[:2]]
        expected = [peak_signal_noise_ratio(target, shown(ax), data_range=1) for ax in line[:2]]
        assert told == pytest.approx(expected, abs=0.005)
        assert told[1] < told[0]
    titles = [ax.get_title().split("\n")[0] for ax in panels[0]]
    assert titles[:2] == ["output, clean", "output, 1-step PGD"]
    assert titles[2:] == ["2-D spectrum, clean", "2-D spectrum, attacked"]
    assert len({ax.images[0].get_clim() for ax in panels[:, 2:].flat}) == 1


def test_a_spectrum_of_figure_1_has_its_peak_where_stripes_are(script):
    module = script("fig1_clean_and_attacked")
    x = torch.arange(200.0)
    noise = torch.rand(3, 140, 200, generator=torch.Generator().manual_seed(0))
    striped = noise + 3 * torch.cos(2 * torch.pi * x / 4)  # vertical stripes, four pixels apart
    mean = module.spectrum([striped, striped[:, :, :150]], recipe="spectra")
    assert mean.attrs["n"] == 3 + 3  # one square of 128 pixels fits into each, three channels
    fy, fx = np.unravel_index(np.argmax(mean.values), mean.shape)
    assert (float(mean.fy[fy]), abs(float(mean.fx[fx]))) == (0, 0.25)
    points = np.array([[0, 0.25], [0.25, 0], [0.25, 0.25], [0.5, 0.5]])
    assert module.height(mean, points).endswith("dB at (1/4, 0)")


def test_the_rings_of_figure_1_are_all_multiples_of_a_quarter(script, models, pictures):
    """Two steps by 2 leave a grid of period 4."""
    points = script("fig1_clean_and_attacked").lattice(models["LCTC"], pictures[0].input)
    both = np.concatenate([points, -points]) % 1
    assert {tuple(f) for f in both} == {(i / 4, j / 4) for i in range(4) for j in range(4)} - {
        (0, 0)
    }
    assert len(points) == 9  # three are their own mirror images, twelve make six pairs


def test_figure_5_shows_input_target_and_what_each_network_makes(script, models, pictures):
    figure = script("fig5_attacked_restorations").draw(models, pictures[0], attack=ONCE)
    panels = np.reshape(figure.axes[:6], (2, 3))
    np.testing.assert_allclose(shown(panels[0, 0]), last(pictures[0].input), atol=1e-6)
    np.testing.assert_allclose(shown(panels[1, 0]), last(pictures[0].target), atol=1e-6)
    target = last(pictures[0].target)
    for ax in [panels[0, 0], *panels[:, 1:].flat]:
        expected = peak_signal_noise_ratio(target, shown(ax), data_range=1)
        assert decibels(ax.get_xlabel()) == pytest.approx(expected, abs=0.005)
    assert [ax.get_title() for ax in panels[0]] == ["input", *models]
    assert [ax.get_ylabel() for ax in panels[:, 1]] == ["clean", "1-step PGD"]


def test_without_a_target_the_attacked_output_is_compared_with_the_clean_one(
    script, models, pictures
):
    alone = pictures[0]._replace(target=None)
    figure = script("fig5_attacked_restorations").draw(models, alone, attack=ONCE)
    panels = np.reshape(figure.axes[:6], (2, 3))
    assert not panels[1, 0].axison
    for clean, attacked in panels.T[1:]:
        assert clean.get_xlabel() == ""
        expected = peak_signal_noise_ratio(shown(clean), shown(attacked), data_range=1)
        assert decibels(attacked.get_xlabel()) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("square", [False, True])
def test_the_corner_shows_what_is_in_the_box(script, rng, square):
    from matplotlib.figure import Figure

    module, ax = script("_panels"), Figure().subplots()
    picture = rng.uniform(size=(3, 40, 60))
    module.draw_picture(ax, picture, module.Box(45, 5, 10), square=square)
    (frame,) = ax.patches
    left, top = (round(place + 0.5) for place in frame.get_xy())
    inside = picture[:, top : top + frame.get_height(), left : left + frame.get_width()]
    (inset,) = ax.child_axes
    np.testing.assert_array_equal(shown(inset), np.moveaxis(inside, 0, -1))
    if square:  # the box stands in it, and so does nothing beyond the picture
        (x0, x1), (y1, y0) = ax.get_xlim(), ax.get_ylim()
        assert (x1 - x0, y1 - y0) == (40, 40)
        assert -0.5 <= x0 <= 45 - 0.5 < 55 - 0.5 <= x1 <= 60 - 0.5
    with pytest.raises(ParameterError, match="60x40"):
        module.draw_picture(ax, picture, module.Box(55, 5, 10))


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_writes_the_same_bytes_twice(drawn_by_script, name):
    first, second = (drawn_by_script(name, "--num", "1", "--attack", ONCE) for _ in "ab")
    assert first == second
    assert len(first) > 5000
