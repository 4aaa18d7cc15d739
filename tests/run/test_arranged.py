"""Which axis of a mel is time: asked of the model, and asked of the user where both run."""

import numpy as np
import pytest
import torch

from spectra import Options
from spectra.errors import InputError
from spectra.run import analyze, repair_model, try_swap
from spectra.run._opened import opened
from support.vocoders import TimeAlone, TimeFirst, vocoder

MELS = np.random.default_rng(0).standard_normal((4, 8, 24)).astype(np.float32)
TURNED = MELS.swapaxes(1, 2).copy()


def read(model, source, **options):
    return opened(model, source, Options(**options))[1]


@pytest.mark.parametrize("array", [MELS, TURNED])
@pytest.mark.parametrize("turned", [False, True])
def test_either_order_of_three_axes_is_read_for_either_kind_of_model(array, turned):
    model = TimeFirst(vocoder()) if turned else vocoder()
    inputs = read(model, array)
    assert inputs.shape == (8, 24)
    assert inputs.order == ("TC" if turned else "CT")
    assert torch.equal(next(iter(inputs.batches(4))), torch.from_numpy(MELS))


@pytest.mark.parametrize("array", [MELS[0], TURNED[0]])
@pytest.mark.parametrize("turned", [False, True])
def test_two_axes_are_one_mel_where_the_model_runs_on_nothing_else(array, turned):
    model = TimeFirst(vocoder()) if turned else vocoder()
    inputs = read(model, array)
    assert (inputs.shape, inputs.used, inputs.order) == ((8, 24), 1, "TC" if turned else "CT")
    assert torch.equal(next(iter(inputs.batches(1)))[0], torch.from_numpy(MELS[0]))


def test_two_axes_are_waveforms_where_the_model_takes_one_channel():
    assert read(vocoder(mels=1), MELS[0]).shape == (1, 24)


@pytest.mark.parametrize("layout", [None, "NT"])
def test_waveforms_reach_a_model_that_takes_no_channel_axis_without_one(layout):
    inputs = read(TimeAlone(vocoder(mels=1)), MELS[0], layout=layout)
    assert (inputs.shape, inputs.used, inputs.order) == ((1, 24), 8, "T")


def test_files_of_sound_reach_a_model_that_takes_no_channel_axis_without_one(tmp_path):
    soundfile = pytest.importorskip("soundfile", reason="soundfile is not installed: extra audio")
    for number, values in enumerate(MELS[:3].reshape(3, -1)):
        soundfile.write(tmp_path / f"{number}.wav", values / 8, 16000, subtype="FLOAT")
    model = vocoder(mels=1)
    options = Options(blame=False)
    plain, alone = (
        analyze(net, str(tmp_path), options=options).summary for net in (model, TimeAlone(model))
    )
    assert plain.run.sample_rate == alone.run.sample_rate == 16000 * 8
    assert plain.output.score.asr_dbc == pytest.approx(alone.output.score.asr_dbc, abs=1e-4)


@pytest.mark.parametrize(("kept", "rate"), [(2, 64000), (8, 16000), (16, 8000)])
def test_the_rate_of_outputs_without_a_channel_axis_follows_from_their_length(tmp_path, kept, rate):
    """The vocoder makes eight times as many samples, of which every second, eighth ... is kept."""

    class Thinned(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.vocoder = vocoder(mels=1)

        def forward(self, x):
            return self.vocoder(x)[:, 0, ::kept]

    soundfile = pytest.importorskip("soundfile", reason="soundfile is not installed: extra audio")
    soundfile.write(tmp_path / "a.wav", MELS[0].ravel() / 8, 16000, subtype="FLOAT")
    summary = analyze(Thinned(), str(tmp_path), options=Options(blame=False)).summary
    assert summary.run.sample_rate == rate


def test_where_both_readings_run_the_question_names_them_and_what_to_type():
    square = MELS[0, :, :8].copy()
    with pytest.raises(InputError, match=r"8 channels and 8 samples.*--layout CT or .*--layout TC"):
        read(vocoder(), square)
    assert read(vocoder(), square, layout="TC").shape == (8, 8)


def test_a_layout_that_the_model_denies_is_refused_with_the_other():
    with pytest.raises(InputError, match=r"makes signals of 24 channels.*expected --layout NTC"):
        read(vocoder(), TURNED, layout="NCT")
    assert read(vocoder(), TURNED, layout="ntc").shape == (8, 24)


@pytest.mark.parametrize("shape", [(3, 8, 24), (8, 24)])
def test_a_constant_mel_is_a_probe(shape):
    with pytest.raises(InputError, match=r"--probe constant=-11\.5"):
        read(vocoder(), np.full(shape, -11.5, np.float32))


def test_a_model_gets_the_same_numbers_whichever_order_it_takes():
    plain, first = (
        analyze(model, array, options=Options(blame=False, sample_rate=8000)).summary
        for model, array in ((vocoder(), MELS), (TimeFirst(vocoder()), TURNED))
    )
    assert plain.output.score.asr_dbc == pytest.approx(first.output.score.asr_dbc, abs=1e-4)
    assert [s.frequencies_hz for s in plain.steps] == [s.frequencies_hz for s in first.steps]
    assert [s.frequencies_hz for s in plain.steps] == [(1000, 2000, 3000), (4000,)]


def test_a_swap_measures_a_model_that_takes_time_first_as_it_measures_the_other():
    options = Options(blame=False)
    plain, first = (
        try_swap(model, array, "lctc7", options=options)
        for model, array in ((vocoder(), MELS), (TimeFirst(vocoder()), TURNED))
    )
    assert plain.steps
    for ours, theirs in zip(plain.steps, first.steps, strict=True):
        assert ours.before.asr_dbc == pytest.approx(theirs.before.asr_dbc, abs=1e-3)
        assert ours.after.asr_dbc == pytest.approx(theirs.after.asr_dbc, abs=1e-3)


def test_a_repair_of_a_model_that_takes_time_first_says_what_to_give():
    with pytest.raises(InputError, match=r"signals \(N, T, C\).*which calls yours with x\.mT"):
        repair_model(TimeFirst(vocoder()), TURNED)
