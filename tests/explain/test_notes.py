"""Every note and warning stands where it is right, and not beside a run without its reason."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from spectra import Options, gather, score
from spectra.capture import Growth, find_steps
from spectra.explain import _notes
from spectra.explain._traced import Traced
from spectra.images import Trace
from spectra.inputs import open_inputs
from spectra.load import load_model
from spectra.score import Score
from support.fields import weather
from support.summaries import PRESENT, step, summary


def noise(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


class Scaled(nn.Module):
    def __init__(self, gain=1.0):
        super().__init__()
        self.gain = gain
        self.up = nn.Upsample(scale_factor=2)

    def forward(self, x):
        return self.gain * self.up(x)


class Both(Scaled):
    def forward(self, x):
        return self.up(x), self.up(self.up(x))


class Coarse(nn.Module):
    """Has grids of 7 and of 2 pixels, faint enough to leave the picture alone."""

    def forward(self, x):
        grids = [
            nn.functional.interpolate(nn.functional.avg_pool2d(x, s), scale_factor=s)
            for s in (7, 2)
        ]
        return x + sum(grids)


def silent(*_):
    """Report nothing."""


def run(model, x=None):
    """Return what `notes` reads of a run; arrays come without the notes on their layout."""
    inputs = open_inputs(noise(16, 1, 24, 24) if x is None else x)
    if inputs.kind != "images":
        inputs = replace(inputs, notes=())
    found = find_steps(model, next(inputs.batches(1)), Options(), progress=silent)
    passed = gather.run(model, found, inputs, Options(), progress=silent)
    scores = score.run(passed, inputs, seed=0, progress=silent)
    return load_model(model), inputs, passed, scores


@pytest.fixture(scope="module")
def plain():
    return run(Scaled())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return sixteen pictures and a file that is none."""
    from skimage.io import imsave

    path = tmp_path_factory.mktemp("pictures")
    pixels = np.random.default_rng(0).integers(0, 256, (16, 32, 32, 3), dtype=np.uint8)
    for number, picture in enumerate(pixels):
        imsave(path / f"{number:02d}.png", picture, check_contrast=False)
    (path / "broken.png").write_bytes(b"no picture")
    return path


def told(loaded, inputs, passed, scores, steps=(), traced=None, ran=None):
    ran = ran or replace(summary().run, options={})
    given = {"scores": scores, "steps": steps, "traced": traced or Traced(), "run": ran}
    return {note.id: note.text for note in _notes.notes(loaded, inputs, passed, **given)}


def found(passed, **values):
    """Return what passed a model of which something else was found."""
    return replace(passed, found=replace(passed.found, **values))


def counted(passed, absent):
    """Return what passed with some maps of the output left out."""
    data = passed.output.data.assign_attrs(dropped_non_finite=absent)
    return replace(passed, output=replace(passed.output, data=data))


def test_a_run_without_a_reason_has_no_warning(plain):
    assert told(*plain) == {}


def test_what_loading_changed_is_noted(plain):
    loaded, *rest = plain
    noted = told(replace(loaded, notes=("prefix 'module.' removed",)), *rest)
    assert noted == {"loading": "prefix 'module.' removed"}


def test_pictures_are_noted_as_read_and_those_left_out_are_named(folder):
    said = told(*run(Scaled(), folder))
    assert set(said) == {"preprocessing", "dropped"}
    assert said["dropped"].startswith("left out: ")
    assert "broken.png" in said["dropped"]
    assert "more" not in said["dropped"]


def test_outputs_far_off_the_range_of_pictures_are_doubted(folder):
    said = told(*run(Scaled(gain=100.0), folder))
    assert said["range"].startswith("inputs in 0..1 give outputs of RMS 5")


def test_which_of_several_maps_is_the_output_is_noted(plain):
    assert "output_choice" in told(*run(Both()))
    assert "output_choice" not in told(*plain)


def test_outputs_that_are_nearly_one_are_said(plain):
    loaded, inputs, passed, scores = plain
    base = passed.few.outputs[:1]
    signs = torch.tensor([0.0, 1.0, -1.0, 1.0]).reshape(-1, 1, 1, 1)

    def few(share):  # three of four are so far from the first
        rms = base.square().mean().sqrt()
        return replace(passed, few=replace(passed.few, outputs=base + share * rms * signs, shown=4))

    note = told(loaded, inputs, few(0.004), scores)["equal_outputs"]
    assert "of all 4 inputs that were looked at: they differ by 0.004 of it" in note
    assert "at: they are equal, so" in told(loaded, inputs, few(0.0), scores)["equal_outputs"]
    assert "equal_outputs" not in told(loaded, inputs, few(0.02), scores)


def test_outputs_that_are_no_numbers_are_not_compared(plain, recwarn):
    loaded, inputs, passed, scores = plain
    outputs = passed.few.outputs[:1].repeat(4, 1, 1, 1)
    outputs[0, ..., 0, 0], outputs[1] = float("inf"), float("nan")
    few = replace(passed.few, outputs=outputs, shown=4)
    note = told(loaded, inputs, replace(passed, few=few), scores)["equal_outputs"]
    assert "of all 2 inputs" in note
    assert not recwarn.list


@pytest.mark.parametrize(
    ("absent", "text"),
    [
        (1, "1 output map holds NaN or infinite values and was left out"),
        (3, "3 output maps hold NaN or infinite values and were left out"),
    ],
)
def test_maps_that_are_not_finite_are_counted(plain, absent, text):
    loaded, inputs, passed, scores = plain
    assert told(loaded, inputs, counted(passed, absent), scores) == {"non_finite": text}


def test_a_period_without_room_is_named_where_others_are_scored(plain):
    said = told(*run(Coarse(), noise(16, 1, 28, 28)))
    assert set(said) == {"coarse_grid"}
    assert said["coarse_grid"].startswith(
        "the grid of period 7x7 is not scored in outputs of 28x28: too small"
    )
    assert told(*run(Coarse(), noise(16, 1, 84, 84))) == {}


def test_content_that_all_maps_share_is_named_where_it_may_pass_for_a_grid(plain):
    *rest, scores = plain
    noticed = replace(scores, output=Score(notice="the maps share content"))
    row = step("up", replace(PRESENT, notice="so do these"))
    assert told(*rest, noticed)["fixed_content"] == "output: the maps share content"
    assert told(*rest, scores, [row])["fixed_content"] == "up: so do these"
    assert "fixed_content" not in told(*rest, scores, [step("up", PRESENT)])


def test_content_that_was_set_apart_is_named_with_what_the_output_reads_with_it(plain):
    *rest, scores = plain
    apart = Score(verdict="none", content_share=0.72, whole_dbc=-18.94, whole_p=1 / 2000)
    row = step("up", replace(PRESENT, content_share=0.1))
    said = told(*rest, replace(scores, output=apart), [row])["aligned_content"]
    assert "72% of the output, 10% of up (power)" in said
    assert said.endswith("with it the output reads -18.9 dBc, p = 0.0005")
    alone = told(*rest, scores, [row])["aligned_content"]
    assert "10% of up" in alone
    assert "the output" not in alone
    assert "aligned_content" not in told(*rest, scores, [step("up", PRESENT)])


class Shrunk(Scaled):
    """Makes one channel of its variables: nobody knows whose row it would be."""

    def forward(self, x):
        return self.up(x).mean(1, keepdim=True)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (Scaled(), "rows of variables are weighted by area, cos latitude; those of output, steps"),
        (Shrunk(), "no row is weighted by area: output, steps and inputs count every cell alike"),
    ],
)
def test_where_there_are_latitudes_it_is_said_which_rows_are_weighted_by_area(model, said):
    *rest, scores = run(model, weather(3, side=(24, 24)))
    assert told(*rest, scores)["preprocessing"].startswith(said)


def test_growth_that_no_step_explains_is_named(plain):
    loaded, inputs, passed, scores = plain
    growth = (Growth("stem", (3, 8, 8), (3, 16, 16)),)
    said = told(loaded, inputs, found(passed, growth=growth), scores)
    assert set(said) == {"unexplained_growth"}
    assert said["unexplained_growth"].startswith("stem enlarges (3, 8, 8) to (3, 16, 16)")


def test_data_that_could_not_be_followed_are_named(plain):
    loaded, inputs, passed, scores = plain
    said = told(loaded, inputs, found(passed, untraced=(("up", "ValueError"),)), scores)
    assert set(said) == {"untraced"}
    assert said["untraced"].startswith("data moved in up could not be followed")


def test_a_sample_rate_of_no_use_or_unlike_the_files_is_said(plain):
    asked = replace(summary().run, options={"sample_rate": 22050.0})
    note = told(*plain, ran=asked)["sample_rate"]
    assert note == "--sample-rate says nothing here: the output is no signal along time"
    loaded, inputs, passed, scores = plain
    wav = replace(inputs, sample_rate=8000.0)
    along_time = found(passed, input_shape=(1, 24), output_shape=(1, 48))
    told_in = {"ran": replace(asked, sample_rate=22050.0)}
    assert (
        "the files are of 8 kHz, and the model makes them 2 times as long: 16 kHz"
        in (told(loaded, wav, along_time, scores, **told_in)["sample_rate"])
    )
    same = replace(wav, sample_rate=11025.0)
    assert "sample_rate" not in told(loaded, same, along_time, scores, **told_in)


def test_every_note_is_held_here():
    code = Path(_notes.__file__).read_text(encoding="utf-8")
    tests = Path(__file__).read_text(encoding="utf-8")
    assert [
        name for name in re.findall(r'Finding\("(\w+)"', code) if f'"{name}"' not in tests
    ] == []


def test_what_inputs_and_outputs_carry_by_themselves_is_said(plain):
    traced = Traced(Trace("jpeg", 8, 6, 8), seams=Trace("tiles", 64, 5, 8))
    notes = told(*plain, traced=traced)
    assert notes["input_grid"].endswith("carry a grid by themselves: blocks of JPEG, 8 px")
    assert "5 of 8 outputs looked at have seams every 64 px" in notes["output_seams"]
    assert "input_grid" not in told(*plain)


class Noisy(Scaled):
    """Adds noise, as a StyleGAN does."""

    def forward(self, x):
        y = super().forward(x)
        return y + 0.01 * torch.randn_like(y)


def test_a_model_that_draws_random_numbers_is_noted(folder, plain):
    assert "--seed gives others" in told(*run(Noisy(), folder))["random"]
    assert "random" not in told(*plain)
