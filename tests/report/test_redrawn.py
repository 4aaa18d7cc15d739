"""Figures drawn again from a folder are those of the result in memory, with captions that hold."""

import subprocess
import sys

import numpy as np
import pytest
import torch
import xarray as xr
from matplotlib import rcParams
from torch import nn

import spectra
from spectra.errors import InputError, ParameterError
from spectra.report import Result
from spectra.report._redrawn import in_inches


class Decoder(nn.Module):
    """Two steps with names that a figure or a table may stumble over."""

    def __init__(self, axes=2):
        super().__init__()
        conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1]
        up = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[axes - 1]
        self.add_module("up_$1_%<script>&", up(2, 3, 3, 2, 1, 1))
        self.add_module("out", conv(3, 1, 3, padding=1))

    def forward(self, x):
        for module in self.children():
            x = module(x)
        return x


SIDES = {1: (256,), 2: (48, 48), 3: (16, 16, 16)}


def analysed(axes, *, seed=0, layers=("*",), count=16):
    torch.manual_seed(seed)
    maps = torch.randn(count, 2, *SIDES[axes], generator=torch.Generator().manual_seed(1))
    options = spectra.Options(layers=layers, blame=False)
    return spectra.analyze(Decoder(axes), maps, options=options)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Results of one to three axes, in memory and as they are read from their folders."""

    class Made(dict):
        def __missing__(self, axes):  # so that a worker makes what its tests ask for
            result = analysed(axes)
            folder = tmp_path_factory.mktemp("results") / f"axes-{axes}"
            result.save(folder, formats=("json", "nc"))
            self[axes] = result, folder, Result.read(folder)
            return self[axes]

    return Made()


@pytest.fixture(scope="module")
def plain():
    """A result of other weights, without the curves over layers and their recipes."""
    return analysed(2, seed=3, layers=())


ALL = {"strip", "profiles", "worst", "slices", "crop", "kernels"}


@pytest.mark.parametrize(
    ("axes", "figures"),
    [
        (2, ("strip",)),
        *(pytest.param(axes, (), marks=pytest.mark.slow) for axes in (1, 2, 3)),
    ],
)
def test_every_figure_from_a_folder_is_the_one_drawn_in_memory(made, axes, figures):
    result, _, read = made[axes]
    drawn, again = result.draw(figures, dpi=60), read.draw(figures, dpi=60)
    assert set(figures or ALL) <= set(drawn.names)
    assert ("layers" in drawn.names) == (axes == 2 and not figures)
    assert again.names == drawn.names
    for one, other in zip(drawn.drawings, again.drawings, strict=True):
        assert one.encoded("png") == other.encoded("png")
        assert one.caption == other.caption


def test_a_caption_says_window_recipe_and_number_of_maps_that_the_file_holds(made):
    *_, read = made[2]
    caption = read.draw("strip").caption("strip")
    maps = [int(read.data[path].attrs["maps"]) for path in ("input", "steps/0", "output")]
    assert f"n = {min(maps)} to {max(maps)} maps of 16 inputs" in caption
    assert read.data["output"].attrs["window"] in caption
    assert "Recipe spectra" in caption
    assert "up_$1_%<script>&" in caption
    assert "\n" not in caption


def test_the_curves_over_layers_are_the_slow_definition(made):
    result, _, read = made[2]
    torch.manual_seed(0)
    model = Decoder(2)
    maps = torch.randn(16, 2, *SIDES[2], generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        values = next(iter(model.children()))(maps).double().numpy().reshape(-1, 96, 96)
    amplitude = np.log(np.abs(np.fft.fft2(values)) + 1e-6).mean(0)
    expected = amplitude[np.arange(48), np.arange(48)] - amplitude[0, 0]
    left, right = read.draw("layers")["layers"].axes[:2]
    line = left.lines[0]
    np.testing.assert_allclose(line.get_ydata(), expected, atol=1e-4)
    np.testing.assert_allclose(line.get_xdata(), 2 * np.arange(48) / 96)
    point = right.lines[1]
    assert point.get_ydata()[0] == pytest.approx(expected[-1], abs=1e-4)
    assert [t.get_text() for t in left.get_xticklabels()] == [f"{k / 5:.1f}π" for k in range(6)]
    assert result.draw("layers").caption("layers").count("park-kim2022") == 1


def test_the_kernel_that_is_drawn_has_the_response_of_its_weights():
    torch.manual_seed(0)
    weight = next(iter(Decoder(1).children())).weight.detach().double().numpy()
    figure = analysed(1).draw("kernels")["kernels"]
    line = next(x for x in figure.axes[1].lines if x.get_label() == "kernel")
    f = line.get_xdata()
    response = weight @ np.exp(-2j * np.pi * np.outer(np.arange(3), f))
    power = (np.abs(response) ** 2).sum((0, 1))
    decibels = np.maximum(10 * np.log10(power / power[0]), -70)
    np.testing.assert_allclose(line.get_ydata(), decibels, atol=1e-4)


def test_results_side_by_side_share_one_scale_and_have_their_labels(made, plain):
    first, _, _ = made[2]
    drawn = first.draw(["strip", "profiles", "crop"], beside=[plain], labels=["a $x", "b_y"])
    limits = {ax.images[0].get_clim() for ax in drawn["strip"].axes if ax.images}
    assert len(limits) == 1
    titles = [ax.get_title() for ax in drawn["strip"].axes]
    assert any(title.startswith("a \\$x: input") for title in titles)
    assert any(title.startswith("b_y: output") for title in titles)
    assert len({ax.get_ylim() for ax in drawn["profiles"].axes}) == 1
    assert drawn.names == ["strip", "profiles", "crop-1", "crop-2"]
    assert "of a $x" in drawn.caption("strip")


def test_the_caption_of_labelled_rings_says_why_some_have_none(made):
    first, _, _ = made[2]
    assert "a ring without a label had no room" in first.draw("worst").caption("worst")


def test_what_is_ideal_in_taps_and_in_power_has_strokes_apart(made):
    first, _, _ = made[2]
    (legend,) = first.draw("kernels")["kernels"].legends
    strokes = [(str(x.get_color()), x.get_linestyle()) for x in legend.get_lines()]
    assert len(set(strokes)) == len(strokes)


@pytest.mark.parametrize("recipe", ["park-kim2022", "agnihotri2024"])
def test_a_recipe_draws_what_the_file_keeps_for_it(made, recipe):
    *_, read = made[2]
    drawn = read.draw("strip", recipe=recipe)
    image = drawn["strip"].axes[0].images[0].get_array()
    kept = read.data["input"][recipe.replace("-", "_")].to_numpy()
    np.testing.assert_array_equal(np.ma.getdata(image)[1:48, 1:20], kept[1:48, 1:20])
    assert f"Recipe {recipe}: " in drawn.caption("strip")
    assert "without window" in drawn.caption("strip")


def test_styles_change_ink_page_and_text_and_nothing_outside(made):
    *_, read = made[2]
    before = dict(rcParams)
    dark, slides = (read.draw("slices", style=style) for style in ("dark", "slides"))
    assert dict(rcParams) == before
    page = dark["slices"].get_facecolor()
    ink = dark["slices"].axes[0].xaxis.label.get_color()
    assert sum(page[:3]) < 0.5
    assert ink == "#e8e6e3"
    assert slides["slices"].axes[0].title.get_fontsize() == pytest.approx(13)
    assert slides["slices"].get_figwidth() == 12


@pytest.mark.parametrize("width", ["3.25in", pytest.param("8.5cm", marks=pytest.mark.slow)])
def test_a_figure_is_as_wide_as_asked_and_its_text_no_smaller(made, width):
    *_, read = made[2]
    drawn = read.draw(width=width, dpi=100)
    for one in drawn.drawings:
        assert one.figure.get_figwidth() == pytest.approx(in_inches(width), abs=0.01)
        sizes = [text.get_fontsize() for ax in one.figure.axes for text in [*ax.texts, ax.title]]
        assert min(sizes) >= 7


def test_titles_of_long_names_stay_inside_a_narrow_figure():
    from matplotlib.figure import Figure

    from spectra.plot._figures import strip_figure
    from spectra.plot._styles import styled

    name = "model.diffusion_model.output_blocks.11.2.upsample.conv.transposed"
    f = np.fft.fftshift(np.fft.fftfreq(16))
    plane = xr.DataArray(np.zeros((16, 16)), {"fy": f, "fx": f}, ("fy", "fx"))
    plane += np.random.default_rng(0).normal(size=(16, 16))
    data = xr.Dataset({"mean_log_spectrum": plane})
    tree = xr.DataTree.from_dict({f"steps/{i}": data for i in range(4)})
    with styled("paper"):
        figure = strip_figure(tree, [(f"steps/{i}", name) for i in range(4)], width=3.25)
        figure.draw_without_rendering()
    assert isinstance(figure, Figure)
    boxes = [ax.title.get_window_extent() for ax in figure.axes[:4]]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"figures": "pie"}, r"figure 'pie': expected some of strip"),
        ({"recipe": "pie"}, "recipe='pie': expected one of spectra, agnihotri2024, park-kim2022$"),
        ({"recipe": "stylegan3"}, r"needs power through a Kaiser window .*mean_log_spectrum"),
        ({"recipe": "frank2020"}, "needs discrete cosine transforms, which no spectra.nc holds"),
        ({"width": "3 feet"}, "width='3 feet': expected a length such as 3.25in"),
        ({"width": "1in"}, "width='1in': expected 2in to 40in"),
        ({"dpi": 7}, "dpi=7: expected 50 to 1200"),
        ({"style": "pie"}, "style='pie': expected one of paper"),
        ({"table": "xls"}, "table='xls': expected csv, md or latex"),
        ({"labels": ["a", "b"]}, "labels 'a', 'b': expected 1, one for each result"),
        ({"figures": "layers", "recipe": "agnihotri2024"}, "drawn by recipe 'park-kim2022'"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_reason(made, asked, said):
    with pytest.raises(ParameterError, match=said):
        made[2][0].draw(**asked)


def test_what_a_result_lacks_is_said_with_what_to_run(plain):
    with pytest.raises(ParameterError, match=r"layers.*run spectra analyze with --layers '\*'"):
        plain.draw("layers")
    with pytest.raises(ParameterError, match=r"keeps nothing for recipe 'park-kim2022'"):
        plain.draw("strip", recipe="park-kim2022")
    empty = spectra.analyze(Decoder(2), options=spectra.Options(blame=False))
    assert empty.draw().names == ["kernels"]
    with pytest.raises(ParameterError, match="nothing was measured: give spectra analyze inputs"):
        empty.draw("strip")


def test_a_folder_without_spectra_is_refused(made, tmp_path):
    made[2][0].save(tmp_path / "out", formats=("json",))
    with pytest.raises(InputError, match=r"holds no spectra.nc: .*--formats json,nc"):
        Result.read(tmp_path / "out").draw()
    with pytest.raises(InputError, match="cannot be read"):
        Result.read(tmp_path / "gone")


def test_figures_captions_and_tables_are_written_and_replace_no_result(made, tmp_path):
    *_, folder, read = made[2]
    drawn = read.draw(["strip", "kernels"], table=["csv", "latex"], dpi=60)
    written = drawn.save(tmp_path / "out", formats=("svg", "png"))
    assert [path.name for path in written] == [
        *("kernels.png", "kernels.svg", "kernels.txt"),
        *("strip.png", "strip.svg", "strip.txt"),
        *("table.csv", "table.tex"),
    ]
    assert (tmp_path / "out/strip.txt").read_text() == drawn.caption("strip") + "\n"
    before = {path.name: path.read_bytes() for path in written}
    read.draw(["strip", "kernels"], table=["csv", "latex"], dpi=60).save(
        tmp_path / "out", formats=("svg", "png"), force=True
    )
    assert {path.name: path.read_bytes() for path in written} == before
    with pytest.raises(
        ParameterError, match="is a result of spectra analyze, which figures do not replace"
    ):
        drawn.save(folder, force=True)
    with pytest.raises(ParameterError, match="format='gif'"):
        drawn.save(tmp_path / "other", formats=("gif",))


@pytest.mark.slow
def test_drawing_a_folder_imports_no_torch(made):
    _, folder, _ = made[2]
    code = (
        "import sys\nfrom spectra.report import Result\n"
        f"drawn = Result.read({str(folder)!r}).draw(table='md', dpi=50)\n"
        "[one.encoded('png') for one in drawn.drawings]\n"
        "print(len(drawn.names), 'torch' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(made[2][0].draw().names)), "False", "False"]


@pytest.mark.parametrize(
    ("text", "inches"), [("3.25in", 3.25), ("7", 7), ("25.4 mm", 1), ("2.54cm", 1), (4, 4)]
)
def test_lengths_are_read_in_the_units_of_journals(text, inches):
    if inches < 2:
        with pytest.raises(ParameterError, match="expected 2in to 40in"):
            in_inches(text)
    else:
        assert in_inches(text) == pytest.approx(inches)
