"""Where model and inputs do not fit each other, the failure says what to type next."""

import numpy as np
import pytest
import torch
from torch import nn

from spectra import Options
from spectra.errors import InputError, ModelError
from spectra.load import load_model
from spectra.run import analyze, list_steps

AUTO = torch.export.Dim.AUTO
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture
def net():
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ConvTranspose2d(4, 3, 2, 2)).eval()


@pytest.fixture
def exported(net, tmp_path):
    def export(*shape, free=None):
        program = torch.export.export(net, (torch.rand(shape),), dynamic_shapes=free)
        torch.export.save(program, tmp_path / "net.pt2")
        return load_model(tmp_path / "net.pt2", trust=True)

    return export


@pytest.mark.parametrize(
    ("shape", "advice"),
    [
        ((64, 64), r"x\.npy has two axes and was read as 64 vectors .* save x\[None, None\]"),
        ((4, 64, 64), r"x\.npy has three axes and was read as 4 signals .* save x\[:, None\]"),
    ],
)
def test_an_array_without_its_channel_axis_says_how_to_add_it(net, tmp_path, shape, advice):
    values = np.random.default_rng(0).random(shape, dtype=np.float32)
    np.save(tmp_path / "x.npy", values)
    for run in (list_steps, analyze):
        with pytest.raises(ModelError, match=advice):
            run(net, tmp_path / "x.npy")
    fixed = values[None, None] if len(shape) == 2 else values[:, None]
    np.save(tmp_path / "x.npy", np.repeat(fixed, 3, axis=1))
    assert list_steps(net, tmp_path / "x.npy").steps


def test_vectors_that_a_model_takes_need_no_advice():
    net = nn.Sequential(nn.Linear(8, 16), nn.Unflatten(1, (1, 4, 4)), nn.Upsample(scale_factor=2))
    assert list_steps(net, "random:latent?shape=8").steps


def test_a_program_of_fixed_shape_is_given_inputs_of_that_shape_one_by_one(exported):
    loaded = exported(1, 3, 32, 32)
    assert loaded.input_shape == (1, 3, 32, 32)
    pictures = torch.rand(4, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    summary = analyze(loaded, pictures).summary
    assert (summary.inputs.used, summary.inputs.shape) == (4, (3, 32, 32))
    assert "as it was exported" in " ".join(note.text for note in summary.warnings)
    assert list_steps(loaded, pictures, options=Options(crop=32, batch=4)).steps
    with pytest.raises(ModelError, match=r"it takes --crop 32, as it was exported, but"):
        list_steps(loaded, pictures, options=Options(crop=40))


def test_a_program_tells_the_random_input_it_takes(exported):
    with pytest.raises(InputError, match=r"give 'random:image\?shape=3,32,32' --batch 1$"):
        list_steps(exported(1, 3, 32, 32))
    with pytest.raises(ModelError, match=r"give 'random:image\?shape=3,16,32' --batch 1$"):
        list_steps(exported(1, 3, 16, 32), torch.rand(2, 3, 48, 48))


def test_a_program_of_several_samples_must_be_exported_again(exported):
    with pytest.raises(ModelError, match=r"no other number at a time: export .*\{0: AUTO"):
        list_steps(exported(2, 3, 32, 32), torch.rand(2, 3, 32, 32))


def test_a_program_of_free_shape_needs_no_advice(exported):
    loaded = exported(2, 3, 32, 32, free=({0: AUTO, 2: AUTO, 3: AUTO},))
    assert loaded.input_shape == (None, 3, None, None)
    assert list_steps(loaded, torch.rand(2, 3, 48, 40)).steps
    with pytest.raises(ModelError) as caught:
        list_steps(loaded, torch.rand(2, 1, 48, 40))
    assert "takes inputs" not in str(caught.value)


def test_recordings_given_to_a_vocoder_that_takes_mels_say_what_it_takes(tmp_path):
    soundfile = pytest.importorskip("soundfile", reason="soundfile is not installed: extra audio")
    rng = np.random.default_rng(0)
    for name in ("a.wav", "b.wav"):
        soundfile.write(tmp_path / name, rng.uniform(-0.5, 0.5, 4096), 16000)
    vocoder = nn.Sequential(nn.Conv1d(80, 4, 3, padding=1), nn.ConvTranspose1d(4, 1, 4, 2, 1))
    with pytest.raises(ModelError, match=r"waveforms \(N, 1, T\): a model that takes mels or"):
        analyze(vocoder, tmp_path)
