"""Only pictures of known formats reach a decoder, none of which starts a program."""

import io
import subprocess

import numpy as np
import pytest
import tifffile
from PIL import Image

from spectra._files._picture_formats import picture_format
from spectra.errors import NothingToAnalyseError, SpectraError
from spectra.inputs import open_inputs

PIXELS = np.random.default_rng(3).integers(0, 255, (16, 24, 3), dtype=np.uint8)
# every format that Pillow writes, and what it is read as
WRITTEN = {
    "PNG": "PNG",
    "JPEG": "JPEG",
    "GIF": "GIF",
    "TIFF": "TIFF",
    "JPEG2000": "JPEG2000",
    "WEBP": "WEBP",
    "BMP": "BMP",
    "PPM": "PPM",
    "MPO": "JPEG",
}
OTHERS = ["EPS", "TGA", "PCX", "SGI", "ICO", "ICNS", "DDS", "MSP", "XBM", "SPIDER", "DIB"]


def written(kind):
    stream = io.BytesIO()
    image = Image.fromarray(PIXELS)
    image.convert({"MSP": "1", "XBM": "1", "SPIDER": "F"}.get(kind, "RGB")).save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize("kind", WRITTEN)
def test_the_first_bytes_of_what_pillow_writes_tell_its_format(kind, tmp_path):
    data = written(kind)
    assert picture_format(data[:32]) == WRITTEN[kind]
    (tmp_path / "a").write_bytes(data)
    assert open_inputs(tmp_path / "a").shape == (3, 16, 24)


@pytest.mark.parametrize("kind", OTHERS)
def test_other_formats_are_not_decoded_whatever_their_name(kind, tmp_path, monkeypatch):
    def opened(*_, **how):
        pytest.fail(f"it was given to a decoder: {how}")

    monkeypatch.setattr(Image, "open", opened)
    monkeypatch.setattr(tifffile, "TiffFile", opened)
    (tmp_path / "holiday.png").write_bytes(written(kind))
    with pytest.raises(NothingToAnalyseError, match=r"holiday\.png: (not a picture|cannot be dec)"):
        open_inputs(tmp_path)


def test_postscript_behind_the_first_bytes_of_a_picture_starts_no_program(tmp_path, monkeypatch):
    def started(*arguments, **_):
        pytest.fail(f"a program was started: {arguments}")

    monkeypatch.setattr(subprocess, "Popen", started)
    eps = written("EPS")
    for index, magic in enumerate(
        [
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff\xe0",
            b"GIF89a",
            b"II*\x00",
            b"RIFF....WEBP",
            b"BM....\0\0\0\0",
            b"P6\n",
            b"\x00\x00\x00\x0cjP  \r\n\x87\n",
            b"\xc5\xd0\xd3\xc6",
            b"",
        ]
    ):
        (tmp_path / f"{index}.png").write_bytes(magic + eps)
        (tmp_path / f"{index}.tif").write_bytes(magic + eps)
    with pytest.raises(SpectraError):
        open_inputs(tmp_path)


def test_each_format_is_opened_by_its_own_plugin_alone(tmp_path, monkeypatch):
    asked = []
    pillow_open = Image.open

    def opened(file, formats=None):
        asked.append(formats)
        return pillow_open(file, formats=formats)

    monkeypatch.setattr(Image, "open", opened)
    for kind, expected in WRITTEN.items():
        if kind != "TIFF":  # read by tifffile
            (tmp_path / "a").write_bytes(written(kind))
            open_inputs(tmp_path / "a")
            assert asked.pop() == [expected]
