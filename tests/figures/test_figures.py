"""The scripts of the paper's figures: what is on them, and the same bytes twice."""

import numpy as np
import pytest

SCRIPTS = ("fig2_reconstruction", "fig3_down_and_up", "fig4_blocks", "rejection_against_size")


def test_sinc_reconstruction_is_the_signal_and_linear_is_not(script):
    module = script("fig2_reconstruction")
    samples = module.signal(np.arange(400.0))
    t = np.arange(400 * module.FACTOR) / module.FACTOR
    inner = slice(150 * module.FACTOR, 250 * module.FACTOR)
    error = {
        name: np.abs(module.reconstruct(samples, name) - module.signal(t))[inner].max()
        for name in ("ideal", "linear_aligned")
    }
    assert error["ideal"] < 0.02  # cut at 64 samples
    assert error["linear_aligned"] > 0.3
    linear = np.interp(t, np.arange(400), samples)
    found = module.reconstruct(samples, "linear_aligned")
    np.testing.assert_allclose(found[inner], linear[inner], atol=1e-12)


def test_max_pooling_is_pytorchs(script, rng):
    import torch

    module = script("fig3_down_and_up")
    picture = rng.uniform(size=(12, 10))
    expected = torch.nn.functional.max_pool2d(torch.tensor(picture)[None], 3, stride=2, padding=1)[
        0
    ].numpy()
    np.testing.assert_array_equal(module.pooled(picture), expected)


def test_enlarging_is_pytorchs(script, rng):
    import torch

    module = script("fig3_down_and_up")
    small = rng.uniform(size=(9, 8))
    taps = rng.normal(size=(5, 5))
    _, like = module.samples_under(5, small)
    kernel = module.with_taps(like, taps)
    expected = torch.nn.functional.conv_transpose2d(
        torch.tensor(small)[None],
        torch.tensor(taps)[None, None],
        stride=2,
        padding=2,
        output_padding=1,
    )[0].numpy()
    found = module.enlarged(small, kernel)
    np.testing.assert_allclose(found[4:-4, 4:-4], expected[4:-4, 4:-4], atol=1e-12)
    columns, _ = module.samples_under(5, small)
    np.testing.assert_allclose((columns @ taps.ravel()).reshape(found.shape), found, atol=1e-12)


def test_no_kernel_has_less_error_than_the_least_squares_one(script, rng):
    module = script("fig3_down_and_up")
    picture = module.gray("coffee")[:64, :64]
    best = module.least_squares_kernel(3, [picture])

    def error(kernel):
        return np.mean((module.enlarged(module.pooled(picture), kernel) - picture) ** 2)

    for _ in range(5):
        moved = best.weight[0, 0] + 0.02 * rng.normal(size=(3, 3))
        assert error(module.with_taps(best, moved)) > error(best)


def test_optimal_kernels_draw_a_faint_grid_and_trained_ones_a_visible_one(script):
    module = script("fig3_down_and_up")
    pictures = [module.gray("coffee"), module.gray("rocket")]
    assert module.grid_levels(module.least_squares_kernel(3, pictures)) < 1
    assert module.grid_levels(module.descended_kernel(3, pictures)) > 5
    assert module.grid_levels(module.descended_kernel(2, pictures)) > 5


def test_every_panel_of_figure_3_says_its_method_and_its_grid(script):
    module = script("fig3_down_and_up")
    figure = module.draw(side=16, steps=3, sizes=(2, 3))
    titles = [ax.get_title() for ax in figure.axes if ax.get_visible()]
    assert titles[:5] == ["original", *module.NAMED]
    assert titles[5:] == ["2x2, best", "3x3, best", "2x2, trained", "3x3, trained"]
    labels = [ax.get_xlabel() for ax in figure.axes if ax.get_visible()]
    assert labels[0] == ""
    assert all(label.startswith("grid ") for label in labels[1:])
    assert "3 steps from a random start" in figure.get_supxlabel()


def test_the_demonstration_decoders_stand_below_the_bound(script):
    module = script("rejection_against_size")
    points = module.demonstration()
    assert {size for size, _ in points.values()} == {3, 7}
    figure = module.draw(points)
    curve = next(
        line for line in figure.axes[0].lines if line.get_label() == "least error of its size"
    )
    bound = dict(zip(*curve.get_data(), strict=True))
    assert all(level < bound[size] for size, level in points.values())


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_writes_the_same_bytes_twice(script, name, tmp_path, monkeypatch):
    module = script(name)
    if name == "fig3_down_and_up":
        whole = module.draw
        monkeypatch.setattr(module, "draw", lambda: whole(side=16, steps=2, sizes=(2,)))
    for out in ("a.png", "b.png"):
        monkeypatch.setattr("sys.argv", [name, "--out", str(tmp_path / "new" / out)])
        module.main()
    first, second = ((tmp_path / "new" / out).read_bytes() for out in ("a.png", "b.png"))
    assert first == second
    assert len(first) > 5000
