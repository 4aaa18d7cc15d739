"""What a result of sound holds and shows: Hz in spectra.nc, spectrograms, the probe's line."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from matplotlib.text import Text

from spectra import Options
from spectra.plot._figures import crop_of_run
from spectra.report import Result
from spectra.report._analysis_page import analysis_page
from spectra.report._figure_files import draw_figures
from spectra.report._first_screen import first_screen
from spectra.run import analyze
from support.vocoders import vocoder

RATE = 8000.0


@pytest.fixture(scope="module")
def hummed(tmp_path_factory):
    """A vocoder of factors 4 and 2 on mels and on a constant, its folder, and what is read."""
    mels = torch.randn(4, 8, 96, generator=torch.Generator().manual_seed(0))
    options = Options(probe="constant=-11.5", sample_rate=RATE, blame=False)
    result = analyze(vocoder(), mels, options=options)
    folder = tmp_path_factory.mktemp("results") / "hummed"
    result.save(folder, formats=("json", "nc"))
    return result, folder, Result.read(folder)


@pytest.mark.parametrize(
    ("group", "rate"), [("output", 8000), ("steps/0", 4000), ("steps/1", 8000)]
)
def test_each_map_has_its_frequencies_in_hertz_at_its_own_rate(hummed, group, rate):
    """The first stage's map has half as many samples a second as the output."""
    *_, read = hummed
    data = read.data[group].to_dataset(inherit=False)
    assert data.attrs["sample_rate_hz"] == rate
    for name in ("fx", "f"):
        np.testing.assert_allclose(data[f"{name}_hz"], data[name] * rate)
        assert data[f"{name}_hz"].attrs["units"] == "Hz"


def test_nothing_that_is_told_of_a_signal_counts_pixels(hummed):
    """Sentences, captions, labels and units; kinds of steps and keys keep their names."""
    result, folder, read = hummed
    figures = result.draw(dpi=60)
    told = [result.text(), json.dumps(json.loads((folder / "summary.json").read_text()))]
    told += [figures.caption(name) for name in figures.names]
    told += [t.get_text() for name in figures.names for t in figures[name].findobj(Text)]
    for node in read.data.subtree:
        told += [str(v.attrs.get("units")) for v in node.variables.values()]
    said = " ".join(told).replace("pixel_shuffle", "")
    assert "samples" in said
    assert not re.findall(r".{30}\b(?:px|pixels?)\b", said)


def test_the_page_of_a_signal_has_words_for_signals(hummed):
    result, *_ = hummed
    page = analysis_page(result, draw_figures(result)).decode()
    for word in ("Where in the picture", "Azimuthal", "bilinear", "by radius"):
        assert word not in page


def test_the_caption_of_a_crop_says_of_its_grid_what_the_figure_says(hummed):
    result, *_ = hummed
    titles = [ax.get_title() for ax in crop_of_run(result.data).axes]
    (framed,) = first_screen(result, crop=crop_of_run(result.data)).shown
    amplified = re.search(r"grid [^;,]*", titles[1].replace("\n", " "))[0].strip()
    assert amplified in framed.caption
    assert amplified in framed.picture.alt


def test_inputs_without_a_rate_have_none(hummed):
    assert "fx_hz" not in hummed[2].data["input"].coords


def test_the_spectrogram_shows_lines_where_the_probe_found_them_and_as_strong(hummed):
    """A line at k / 8 lies in the middle of a bin: a Hann window gives its whole amplitude."""
    *_, read = hummed
    sound = read.data["sound"].to_dataset()
    middle = sound["constant_db"].isel(constant_time=sound.sizes["constant_time"] // 2)
    for step in read.summary.probe.steps:
        at = int(np.argmin(np.abs(sound["f_hz"].to_numpy() - step.strongest_hz)))
        assert float(sound["f_hz"][at]) == step.strongest_hz
        both = 3.01 if step.strongest_hz == RATE / 2 else 0.0  # a line and its mirror in one bin
        assert float(middle[at]) - 2 * both + both == pytest.approx(step.strongest_dbfs, abs=0.1)


def test_the_marks_are_the_lines_that_are_each_steps_own(hummed):
    data = hummed[2].data["sound"].to_dataset()
    lines = list(zip(data["line_step"].to_numpy(), data["line"].to_numpy(), strict=True))
    assert lines == [(0, 1 / 8), (0, 2 / 8), (0, 3 / 8), (1, 1 / 2)]
    (axes, *_) = hummed[0].draw("spectrogram", dpi=60)["spectrogram"].axes
    drawn = {line.get_gid(): line.get_ydata().tolist() for line in axes.lines if line.get_gid()}
    assert drawn["lines 0"] == [1.0, 2.0, 3.0]  # kHz
    assert drawn["lines 1"] == [4.0]


def test_the_spectrogram_drawn_again_from_a_folder_is_the_one_in_memory(hummed):
    result, _, read = hummed
    one, other = (each.draw("spectrogram", dpi=60) for each in (result, read))
    assert one.drawings[0].encoded("png") == other.drawings[0].encoded("png")
    assert one.caption("spectrogram") == other.caption("spectrogram")


@pytest.mark.slow
def test_the_command_draws_it_again(hummed, tmp_path):
    folder = shutil.copytree(hummed[1], tmp_path / "hummed")
    out = tmp_path / "drawn"
    command = ["-m", "spectra_cli", "figures", folder, "--fig", "spectrogram", "--out", out]
    subprocess.run([sys.executable, *map(str, command)], check=True, capture_output=True)
    assert next(out.glob("spectrogram*.p*")).stat().st_size > 1000


def test_the_first_screen_asks_what_a_constant_leaves_where_one_was_shown(hummed):
    from spectra.report._first_screen import first_screen

    result, *_ = hummed
    questions = {q.text: q for q in first_screen(result).questions}
    (line,) = questions["What does a constant leave?"].answers
    assert line.startswith("a constant of -11.5 leaves lines in the output: ")
