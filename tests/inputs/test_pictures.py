"""Pictures are read as they are stored, whatever holds them."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from spectra.errors import InputError, NothingToAnalyseError
from spectra.inputs import Dropped, each_picture, picture_source


def read(paths, num=None):
    return list(each_picture(picture_source(paths), lambda picture: picture, num=num))


def test_pictures_of_many_kinds_and_sizes_keep_their_pixels(tmp_path, rng):
    rgba = rng.integers(0, 256, (20, 30, 4), np.uint8)
    high = rng.integers(0, 65536, (16, 24), np.uint16)
    Image.fromarray(rgba).save(tmp_path / "a.png")
    Image.fromarray(rgba[..., :3]).save(tmp_path / "b.webp", lossless=True)
    tifffile.imwrite(tmp_path / "c.tif", high)
    first, second, third = read(tmp_path)
    np.testing.assert_array_equal(first.planes, np.moveaxis(rgba[..., :3], -1, 0))
    np.testing.assert_array_equal(second.planes, first.planes)
    np.testing.assert_allclose(third.planes[0], high / 257, rtol=1e-6)
    assert (first.alpha, second.alpha) == (True, False)
    assert second.facts.format == "WEBP"


def test_what_a_jpeg_says_is_told_and_it_is_not_turned(tmp_path, rng):
    image = Image.fromarray(rng.integers(0, 256, (16, 32, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.jpg", quality=70, exif=exif)
    (picture,) = read(tmp_path / "a.jpg")
    assert picture.planes.shape == (3, 16, 32)
    assert picture.facts.turned
    assert len(picture.facts.tables[0]) == 64


def test_what_cannot_be_read_is_dropped_with_the_reason(tmp_path, rng):
    (tmp_path / "a.png").write_bytes(b"no picture")
    tifffile.imwrite(tmp_path / "b.tif", np.full((16, 16), np.nan, np.float32))
    Image.fromarray(rng.integers(0, 256, (16, 16), np.uint8)).save(tmp_path / "c.png")
    bad, nan, good = read(tmp_path)
    assert isinstance(bad, Dropped)
    assert isinstance(nan, Dropped)
    assert nan.reason == "holds NaN or infinite pixels"
    assert good.source.endswith("c.png")


@pytest.mark.parametrize(
    ("shape", "pictures", "planes"),
    [
        ((40, 50), 1, (1, 40, 50)),
        ((40, 50, 3), 1, (3, 40, 50)),
        ((5, 40, 50), 5, (1, 40, 50)),
        ((2, 3, 40, 50), 2, (3, 40, 50)),
        ((2, 40, 50, 4), 2, (3, 40, 50)),
        ((2, 20, 40, 50), 2, (8, 40, 50)),
    ],
)
def test_arrays_of_any_layout_are_pictures(tmp_path, rng, shape, pictures, planes):
    np.save(tmp_path / "a.npy", rng.integers(0, 256, shape, np.uint8))
    found = read(tmp_path / "a.npy")
    assert len(found) == pictures
    assert {each.planes.shape for each in found} == {planes}


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0, 1, "in 0..1"), (-1, 1, "in -1..1"), (0, 200, "in 0..255"), (-40, 900, "scaled from")],
)
def test_the_range_of_an_array_is_told_and_scaled(tmp_path, rng, low, high, said):
    values = rng.uniform(low, high, (2, 1, 30, 30)).astype(np.float32)
    np.savez(tmp_path / "a.npz", x=values)
    source = picture_source(tmp_path / "a.npz")
    assert any(said in note for note in source.notes)
    found = np.stack([p.planes for p in each_picture(source, lambda picture: picture)])
    slope = np.polyfit(values.ravel(), found.ravel(), 1)[0]
    expected = {(0, 1): 255, (-1, 1): 127.5, (0, 200): 1}.get((low, high))
    assert slope == pytest.approx(expected or 255 / np.ptp(values[0]), rel=1e-4)


def test_no_more_than_so_many_are_read(tmp_path, rng):
    for name in "abcd":
        Image.fromarray(rng.integers(0, 256, (16, 16), np.uint8)).save(tmp_path / f"{name}.png")
    assert [p.source[-5:] for p in read(tmp_path, num=2)] == ["a.png", "b.png"]
    assert len(read([tmp_path / "a.png", tmp_path])) == 5


def test_a_video_without_pyav_is_refused_with_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "clip.mp4").write_bytes(b"\0" * 64)
    monkeypatch.setattr("spectra.inputs._frames.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"spectra-artifacts\[video\]"):
        picture_source(tmp_path / "clip.mp4")


def test_nothing_is_refused():
    with pytest.raises(NothingToAnalyseError, match="no pictures given"):
        picture_source([])


@pytest.mark.parametrize(("white", "used"), [(1, True), (255, False)])
def test_floats_beside_0_to_1_are_dropped_as_an_analysis_drops_them(tmp_path, rng, white, used):
    pixels = rng.random((96, 96), np.float32)
    tifffile.imwrite(tmp_path / "a.tif", pixels * np.float32(white))
    (found,) = read(tmp_path)
    assert isinstance(found, Dropped) != used
    if used:
        np.testing.assert_allclose(found.planes[0], pixels * 255, rtol=1e-6)
    else:
        assert "expected 0..1" in found.reason


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "P"])
def test_tiffs_of_other_colours_are_read_as_what_is_seen(tmp_path, rng, mode):
    image = Image.fromarray(rng.integers(0, 256, (96, 96, 3), np.uint8)).convert(mode)
    image.save(tmp_path / "a.tif")
    (found,) = read(tmp_path)
    assert not found.alpha
    expected = np.moveaxis(np.asarray(image.convert("RGB")), -1, 0)
    np.testing.assert_array_equal(found.planes, expected.astype(np.float32))
