"""Files of sound become equal samples with a rate; files of one mel each, too."""

import re
import struct
import subprocess
import sys
import wave

import numpy as np
import pytest
import torch

from spectra._files import recognise
from spectra.errors import InputError, NothingToAnalyseError
from spectra.inputs import check_inputs, open_inputs

RATE = 22050


def write_wav(path, values, rate=RATE):
    """Write 16 bits with Python's own module, the oracle of what is read."""
    levels = np.round(np.asarray(values) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if levels.ndim == 1 else levels.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(levels.tobytes())
    return levels / 32768


def tone(length, rng):
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(length) / RATE) + 0.1 * rng.standard_normal(
        length
    )


@pytest.fixture
def soundfile():
    return pytest.importorskip("soundfile", reason="soundfile is not installed: extra audio")


def test_sound_is_known_by_its_first_bytes(tmp_path, rng):
    write_wav(tmp_path / "a.png", tone(100, rng))
    (tmp_path / "b").write_bytes(b"fLaC" + bytes(100))
    (tmp_path / "c").write_bytes(b"RIFF" + struct.pack("<I", 4) + b"AVI ")
    assert [recognise(tmp_path / name) for name in ("a.png", "b", "c")] == [
        "sound",
        "sound",
        "unknown",
    ]


def test_without_soundfile_one_line_says_what_to_install(tmp_path, rng, monkeypatch):
    write_wav(tmp_path / "a.wav", tone(100, rng))
    monkeypatch.setattr("spectra.inputs._sound_files.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'spectra-artifacts\[audio\]'"):
        check_inputs(str(tmp_path))


def test_a_folder_that_holds_pictures_and_sound_is_asked_about(tmp_path, rng, soundfile):
    from PIL import Image

    write_wav(tmp_path / "a.wav", tone(100, rng))
    Image.fromarray(rng.integers(0, 255, (32, 32), np.uint8)).save(tmp_path / "b.png")
    with pytest.raises(InputError, match=r"expected one kind; give '.*/\*.png', '.*/\*.wav'"):
        open_inputs(tmp_path)
    assert open_inputs(f"{tmp_path}/*.wav").kind == "sound"


def test_the_middles_of_all_files_are_read_as_they_are(tmp_path, rng, soundfile):
    kept = [write_wav(tmp_path / f"{n}.wav", tone(300 + n, rng)) for n in range(2)]
    inputs = open_inputs(tmp_path)
    assert (inputs.kind, inputs.shape, inputs.sample_rate) == ("sound", (1, 256), RATE)
    assert inputs.bounds == ((-1.0, 1.0),)
    samples = torch.cat(list(inputs.batches(1)))[:, 0]
    for sample, values in zip(samples, kept, strict=True):
        start = (len(values) - 256) // 2
        np.testing.assert_allclose(sample, values[start : start + 256], atol=1e-6)


def test_flac_is_read_as_wav_is(tmp_path, rng, soundfile):
    values = write_wav(tmp_path / "a.wav", tone(512, rng))
    soundfile.write(tmp_path / "a.flac", values, RATE)
    first, second = (open_inputs(tmp_path / name) for name in ("a.wav", "a.flac"))
    assert torch.equal(next(first.batches(1)), next(second.batches(1)))


def test_what_cannot_be_used_is_dropped_with_its_reason(tmp_path, rng, soundfile):
    for n in range(3):
        write_wav(tmp_path / f"a{n}.wav", tone(256, rng))
    (tmp_path / "b.wav").write_bytes((tmp_path / "a2.wav").read_bytes())
    write_wav(tmp_path / "c.wav", np.zeros(256))
    write_wav(tmp_path / "d.wav", tone(256, rng), rate=48000)
    (tmp_path / "e.wav").write_bytes(b"RIFF\0\0\0\0WAVEjunk")
    inputs = open_inputs(tmp_path)
    reasons = {one.source.rpartition("/")[2]: one.reason for one in inputs.dropped}
    assert inputs.used == 3
    assert reasons.keys() == {"b.wav", "c.wav", "d.wav", "e.wav"}
    assert reasons["b.wav"].startswith("the same values as a2.wav")
    assert reasons["c.wav"].startswith("silent")
    assert reasons["d.wav"].startswith("its sample rate 48 kHz is not at 22.05 kHz as most")
    assert reasons["e.wav"].startswith("cannot be read as sound")


@pytest.mark.parametrize("claimed", [4096, 1 << 35])
def test_a_header_that_claims_more_than_the_file_holds_is_left_out(
    tmp_path, rng, soundfile, claimed
):
    """FLAC states its length in the last 36 bits of eight bytes, which begin at byte 18."""
    for name in "ab":
        soundfile.write(tmp_path / f"{name}.flac", tone(512, rng), RATE)
    held = bytearray((tmp_path / "b.flac").read_bytes())
    (facts,) = struct.unpack_from(">Q", held, 18)
    struct.pack_into(">Q", held, 18, facts >> 36 << 36 | claimed)
    (tmp_path / "b.flac").write_bytes(held)
    inputs = open_inputs(tmp_path)
    assert inputs.used == 1
    (left,) = inputs.dropped
    assert left.source.endswith("b.flac")
    assert re.match("ends before the length|cannot be read as sound", left.reason)


def test_no_more_is_read_of_a_file_than_memory_is_meant_to_hold(
    tmp_path, rng, soundfile, monkeypatch
):
    write_wav(tmp_path / "a.wav", tone(512, rng))
    monkeypatch.setattr("spectra.inputs._sounds.MOST_VALUES", 511)
    with pytest.raises(NothingToAnalyseError, match="512 samples of 1 channels are more than 511"):
        open_inputs(tmp_path, crop=512)


def test_only_silence_is_sent_to_the_probe(tmp_path, soundfile):
    write_wav(tmp_path / "a.wav", np.zeros(256))
    with pytest.raises(NothingToAnalyseError, match="--probe silence"):
        open_inputs(tmp_path)


def test_files_of_other_channels_are_mixed_to_one(tmp_path, rng, soundfile):
    stereo = np.stack([tone(256, rng), tone(256, rng)], 1)
    both = write_wav(tmp_path / "a.wav", stereo)
    assert open_inputs(tmp_path).shape == (2, 256)
    assert open_inputs(tmp_path, gray=True).shape == (1, 256)
    write_wav(tmp_path / "b.wav", tone(256, rng))
    inputs = open_inputs(tmp_path)
    assert inputs.shape == (1, 256)
    np.testing.assert_allclose(next(inputs.batches(2))[0, 0], both.mean(1), atol=1e-6)


def test_a_folder_of_mels_is_cut_to_the_shortest(tmp_path, rng):
    mels = [rng.standard_normal((8, length)).astype(np.float32) for length in (30, 34)]
    for number, mel in enumerate(mels):
        np.save(tmp_path / f"{number}.npy", mel if number else mel[None])
    inputs = open_inputs(tmp_path)
    assert (inputs.shape, inputs.used) == ((8, 30), 2)
    np.testing.assert_array_equal(torch.cat(list(inputs.batches(1)))[1], mels[1][:, 2:32])


def test_a_folder_of_mels_with_time_first_says_how_to_read_it(tmp_path, rng):
    mels = [rng.standard_normal((length, 8)).astype(np.float32) for length in (30, 34)]
    for number, mel in enumerate(mels):
        np.save(tmp_path / f"{number}.npy", mel)
    with pytest.raises(InputError, match="give --layout TC"):
        open_inputs(tmp_path)
    inputs = open_inputs(tmp_path, layout="TC")
    assert inputs.shape == (8, 30)
    np.testing.assert_array_equal(torch.cat(list(inputs.batches(1)))[0], mels[0].T)


def test_sound_is_checked_without_torch(tmp_path, rng, soundfile):
    write_wav(tmp_path / "a.wav", tone(100, rng))
    code = f"import sys; from spectra.inputs import check_inputs; check_inputs({str(tmp_path)!r}); "
    code += "assert 'torch' not in sys.modules and 'soundfile' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
