"""Repair as a command's library call: what comes back, what is refused, how it resumes."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load
from scipy.ndimage import gaussian_filter

from spectra import Options
from spectra.errors import ConversionError, NothingToAnalyseError, ParameterError
from spectra.inputs import open_inputs
from spectra.repair import Budget
from spectra.repair._fidelity import psnr_db
from spectra.run import repair_model
from spectra.run._reading import read_output
from spectra.run._repair_outputs import answering
from support.planted_places import decoder, inputs


def outputs(model, x):
    with torch.no_grad():
        return model(x)


@pytest.fixture(scope="module")
def pictures():
    return inputs()


@pytest.fixture(scope="module")
def repaired(pictures):
    """A decoder whose grid stands in places, and what a repair made of it."""
    model = decoder(place=0.6)
    return model, repair_model(model, pictures, remedy="training", budget=Budget(passes=6))


def test_a_grid_in_places_goes_and_what_comes_back_is_nearer_to_the_unbroken_decoder(
    repaired, pictures
):
    model, report = repaired
    truth = outputs(decoder(), pictures[1::2])
    before, after = (psnr_db(outputs(m, pictures[1::2]), truth) for m in (model, report.model))
    assert before < 31
    assert after > before + 12
    assert report.training["levelled"] == "0"
    assert report.aim["places"] == "smooth"
    assert report.cure.worst_before > 15 / 255
    assert report.cure.worst_after < 2 / 255
    assert report.cure.severity_before == "strong"
    assert report.cure.severity_after in ("none", "faint", "visible")
    assert abs(report.cure.sharpness_db) < 0.5


def test_the_model_that_was_given_is_as_it_was(repaired):
    model, report = repaired
    fresh = decoder(place=0.6).state_dict()
    assert all(torch.equal(value, fresh[name]) for name, value in model.state_dict().items())
    assert report.plan is None
    assert list(report.model.state_dict()) == list(fresh)


def test_what_is_written_makes_the_repaired_model_again(repaired, tmp_path):
    _, report = repaired
    folder = report.save(tmp_path / "out")
    net = decoder()
    net.load_state_dict(load((folder / "model.safetensors").read_bytes()))
    x = inputs(2)
    assert torch.equal(outputs(net, x), outputs(report.model, x))
    told = json.loads((folder / "repair.json").read_text())
    assert told["schema"] == "spectra.repair/1"
    assert told["cure"]["cured"] == report.cure.cured
    assert (told["learned"], told["aim"]["tried"][0]["calm"]) == (12, "none")
    # one place is planted in all pictures, so the halves differ by what stands around it alone
    worst = pytest.approx(report.cure.worst_before, rel=1e-3)
    assert told["aim"]["tried"][0]["worst"] == worst
    page = (folder / "repair.html").read_text()
    assert "before and after" in page.lower()
    assert "import load_file\nnet = MyNet()\nnet.load_state_dict(" in page
    assert {p.name for p in (folder / "figures").iterdir()} == {"places.png", "power.png"}


def test_a_decoder_without_a_grid_is_left_alone():
    smooth = torch.from_numpy(gaussian_filter(inputs(places=False).numpy(), (0, 0, 2, 2)))
    with pytest.raises(NothingToAnalyseError, match=r"nothing to repair: .* left alone"):
        repair_model(decoder(), smooth, budget=Budget(passes=1))


def test_a_decoder_is_given_the_constants_that_it_needs():
    class Turned(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = decoder()

        def forward(self, x, gain):
            return gain * self.inner(x)

    smooth = torch.from_numpy(gaussian_filter(inputs(places=False).numpy(), (0, 0, 2, 2)))
    options = Options(call_args={"gain": 1.0})
    with pytest.raises(NothingToAnalyseError, match="nothing to repair"):
        repair_model(Turned(), smooth, options=options)


def test_too_few_inputs_are_refused(pictures):
    with pytest.raises(ParameterError, match="at least 22 inputs"):
        repair_model(decoder(place=0.6), pictures[:20])


@pytest.mark.slow
def test_an_interrupted_repair_goes_on_as_if_it_had_not_been(
    repaired, pictures, tmp_path, monkeypatch
):
    """Stopped at its fourth pass and started again, it ends at the same bits."""
    monkeypatch.setattr("spectra.repair._training.SAVED_EVERY", 0.0)
    state, model = tmp_path / "state", decoder(place=0.6)

    def stop(stage, done, _):
        if (stage, done) == ("train", 4):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        repair_model(
            model,
            pictures,
            remedy="training",
            budget=Budget(passes=6),
            state=state,
            progress=stop,
        )
    assert state.exists()
    again = repair_model(model, pictures, remedy="training", budget=Budget(passes=6), state=state)
    assert not state.exists()
    once = repaired[1].model.state_dict()
    assert all(torch.equal(value, once[name]) for name, value in again.model.state_dict().items())


def test_the_state_of_another_repair_is_refused(pictures, tmp_path):
    state = tmp_path / "state"
    state.write_text("no state")
    with pytest.raises(ParameterError, match="is no state of a repair"):
        repair_model(decoder(place=0.6), pictures, budget=Budget(passes=1), state=state)


@pytest.mark.slow
def test_a_wrapped_model_spins_and_says_what_it_costs(pictures):
    report = repair_model(decoder(place=0.6), pictures, remedy="spin")
    assert report.training is None
    assert report.spin["counts"] == (2, 2)
    assert report.after.flops == 4 * report.before.flops
    assert report.cure.worst_after < report.cure.worst_before / 2
    assert report.cure.severity_after != "insufficient"
    assert "Spun" in report.rebuild


class Fixed(torch.nn.Module):
    """Nearest neighbours whose phases differ: nothing in it could be trained."""

    def forward(self, x):
        return torch.kron(x[:, :1], torch.tensor([[1.0, 0.9], [0.9, 1.2]]))


@pytest.fixture(scope="module")
def filtered():
    """What a repair makes of a model without weights."""
    return repair_model(Fixed(), inputs(places=False))


def test_a_model_whose_steps_cannot_be_trained_gets_a_layer_behind_it(filtered):
    assert filtered.training is None
    assert filtered.layer == {"periods": [[2, 2]], "calmed": None}
    assert filtered.other.way == "training"
    assert "it has no kernel to convert" in filtered.other.missing[0]
    assert filtered.cure.locked_after_dbc < filtered.cure.locked_before_dbc - 10
    assert filtered.cure.aim_psnr_db is None or filtered.cure.aim_psnr_db > 100
    assert filtered.after.flops > filtered.before.flops
    assert "Training instead: no: " in filtered.text()


def test_the_layer_is_told_so_that_it_can_be_loaded(filtered, tmp_path):
    folder = filtered.save(tmp_path / "out")
    assert filtered.save(folder, force=True) == folder  # an earlier one is known for ours
    assert not (folder / "model.safetensors").exists()
    told = json.loads((folder / "repair.json").read_text())
    assert told["layer"] == filtered.layer
    assert told["other"]["cured"] == "no"
    x = inputs(2)
    lines = filtered.rebuild.replace('"filter', f'"{folder}/filter').replace("MyNet()", "Fixed()")
    made = {"Fixed": Fixed}
    exec(lines, made)
    assert torch.equal(outputs(made["net"], x), outputs(filtered.model, x))
    page = (folder / "repair.html").read_text()
    assert "from spectra.repair import Filtered\nnet = Filtered.load(MyNet(), " in page


def test_a_swap_that_was_asked_for_and_cannot_be_made_is_an_error():
    with pytest.raises(ConversionError, match="it has no kernel to convert"):
        repair_model(Fixed(), inputs(places=False), remedy="lctc7")


def test_known_outputs_of_a_model_read_as_those_of_the_model_that_makes_them(pictures):
    """Outputs are given out in the place of a decoder's own: its steps stay what they are."""
    x, options = pictures[:12], Options(num=None, range="0..1")
    held = open_inputs(x)
    broken, whole = decoder(gain=0.3), decoder()

    def read(model, found=None):
        return read_output(model, held, options, name="", tell=lambda *_: None, found=found)

    own = read(broken)
    with answering(whole, x, outputs(broken, x)):
        given = read(whole, own.found)
    assert given.reading.locked_dbc == pytest.approx(own.reading.locked_dbc, abs=1e-6)
    assert given.reading.severity == own.reading.severity
    assert len(whole._forward_hooks) == 0


def test_a_layer_behind_a_model_needs_one_tensor_as_its_output(pictures):
    class Named(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = decoder(gain=0.3)

        def forward(self, x):
            return {"sample": self.inner(x)}

    with pytest.raises(ParameterError, match=r"--with filter: the model returns \['sample'\]"):
        repair_model(Named(), pictures, remedy="filter")


@pytest.mark.slow
def test_a_model_in_half_precision_gets_a_layer_as_its_weights_are_too_coarse_to_train():
    report = repair_model(decoder(gain=0.6).bfloat16(), inputs(places=False), unseen=True)
    assert "needs float32" in report.other.missing[0]
    assert report.cure.locked_after_dbc is None or (
        report.cure.locked_after_dbc < report.cure.locked_before_dbc - 10
    )


def test_two_outputs_are_read_by_one_rule_however_dark_one_of_them_is(tmp_path):
    """Read by itself the dark one is no picture, whose severity is told by other words."""
    for number, scene in enumerate(np.random.default_rng(0).random((16, 48, 48))):
        pixels = (255 * gaussian_filter(scene, 2)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    held = open_inputs(str(tmp_path))
    bright, dark = (torch.nn.ConvTranspose2d(1, 1, 3, 2, 1, 1, bias=False) for _ in "ab")
    for model in (bright, dark):
        model.weight.data = torch.tensor([[[[0.5, 1, 0.5], [1, 1.4, 1], [0.5, 1, 0.5]]]])
    dark.weight.data /= 100

    def read(model, **options):
        return read_output(model, held, Options(), name="", tell=lambda *_: None, **options)

    before = read(bright)
    assert not before.far_off
    assert (read(dark).far_off, read(dark).limits) == (True, None)
    alike = read(dark, like=before)
    assert (alike.far_off, alike.limits) == (False, before.limits)
