"""Pictures of any kind become equal samples; those that cannot be used are listed."""

import struct
import zlib

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from spectra.errors import InputError, NothingToAnalyseError, ParameterError
from spectra.inputs import open_inputs


def noise(rng, *shape, dtype=np.uint8):
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def planes(pixels):
    """Return (y, x, channel) as (channel, y, x), 0..1, by division in float64."""
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    return np.moveaxis(pixels, -1, 0) / np.iinfo(pixels.dtype).max


def all_of(inputs, size=3):
    batches = list(inputs.batches(size))
    assert all(batch.dtype == torch.float32 for batch in batches)
    return torch.cat(batches).numpy()


def write_png16(path, pixels, *, interlaced=False):
    """Write 16-bit PNG by hand, as Pillow cannot for colour."""
    height, width, channels = pixels.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, int(interlaced))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def test_eight_bit_rgb_is_read_as_planes_in_0_to_1(tmp_path, rng):
    pixels = noise(rng, 64, 96, 3)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    inputs = open_inputs(tmp_path)
    assert (inputs.kind, inputs.shape, inputs.range) == ("images", (3, 64, 96), (0, 1))
    assert (inputs.count, len(inputs), inputs.channels) == (1, 1, 3)
    np.testing.assert_array_equal(all_of(inputs)[0], planes(pixels).astype(np.float32))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bit_png_keeps_all_bits(tmp_path, rng, channels):
    pixels = noise(rng, 32, 40, channels, dtype=np.uint16)
    write_png16(tmp_path / "a.png", pixels)
    found = all_of(open_inputs(tmp_path / "a.png"))[0]
    np.testing.assert_array_equal(found, planes(pixels[..., : min(channels, 3)]).astype("f4"))


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_sixteen_bit_tiff_keeps_all_bits(tmp_path, rng, planar):
    pixels = noise(rng, 32, 40, 3, dtype=np.uint16)
    data = np.moveaxis(pixels, -1, 0) if planar == "separate" else pixels
    tifffile.imwrite(tmp_path / "a", data, photometric="rgb", planarconfig=planar)
    found = all_of(open_inputs(tmp_path / "a"))[0]
    np.testing.assert_array_equal(found, planes(pixels).astype(np.float32))


def test_float_tiff_is_read_as_it_is_and_refused_outside_0_to_1(tmp_path, rng):
    pixels = rng.random((16, 16), dtype=np.float32)
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    tifffile.imwrite(tmp_path / "b.tif", pixels * 255)
    inputs = open_inputs(tmp_path)
    np.testing.assert_array_equal(all_of(inputs)[0, 0], pixels)
    assert "expected 0..1" in inputs.dropped[0].reason


def test_palette_alpha_and_one_bit_pictures_are_read(tmp_path, rng):
    rgb, alpha = noise(rng, 16, 16, 3), noise(rng, 16, 16, 1)
    Image.fromarray(np.concatenate([rgb, alpha], -1)).save(tmp_path / "alpha.png")
    bits = rng.random((16, 16)) > 0.5
    Image.fromarray(bits).save(tmp_path / "bits.png")
    palette = Image.fromarray(rgb).quantize(16)
    palette.save(tmp_path / "palette.png")
    inputs = open_inputs(tmp_path)
    first, second, third = all_of(inputs)
    np.testing.assert_array_equal(first, planes(rgb).astype(np.float32))
    np.testing.assert_array_equal(second, np.broadcast_to(bits, (3, 16, 16)))
    np.testing.assert_array_equal(third, planes(np.asarray(palette.convert("RGB"))).astype("f4"))
    assert "alpha channel dropped in 1 of 3 pictures" in inputs.notes
    assert "gray repeated to RGB in 1 of 3 pictures" in inputs.notes


def test_cmyk_is_colour_and_not_rgb_with_alpha(tmp_path, rng):
    image = Image.fromarray(noise(rng, 16, 16, 3)).convert("CMYK")
    image.save(tmp_path / "a.tif")
    expected = planes(np.asarray(image.convert("RGB")))
    inputs = open_inputs(tmp_path / "a.tif")
    np.testing.assert_array_equal(all_of(inputs)[0], expected.astype(np.float32))
    assert not any("alpha" in note for note in inputs.notes)
    file = tmp_path / "a.jpg"
    image.save(file, quality=100)
    expected = planes(np.asarray(Image.open(file).convert("RGB")))
    np.testing.assert_array_equal(all_of(open_inputs(file))[0], expected.astype(np.float32))


def test_gray_pictures_have_one_channel(tmp_path, rng):
    pixels = noise(rng, 16, 16)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    inputs = open_inputs(tmp_path)
    assert inputs.shape == (1, 16, 16)
    assert "pictures read as gray in 0..1" in inputs.notes


def test_gray_turns_colour_to_rec_601_luma(tmp_path, rng):
    pixels = noise(rng, 16, 16, 3)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    inputs = open_inputs(tmp_path, gray=True)
    red, green, blue = planes(pixels)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    np.testing.assert_allclose(all_of(inputs)[0, 0], luma, atol=2e-7)  # float32 sums of three
    assert inputs.channels == 1


@pytest.mark.parametrize(
    ("span", "low", "high"), [("0..255", 0, 255), ("-1..1", -1, 1), ((0, 2), 0, 2)]
)
def test_pictures_are_scaled_to_the_range(tmp_path, rng, span, low, high):
    pixels = noise(rng, 16, 16, 3)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    inputs = open_inputs(tmp_path, range=span)
    expected = low + (high - low) * planes(pixels)
    np.testing.assert_allclose(all_of(inputs)[0], expected, atol=1e-6 * high)
    assert inputs.range == (low, high)


def test_mean_and_std_apply_after_the_range(tmp_path, rng):
    pixels = noise(rng, 16, 16, 3)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    mean, std = [123.0, 117.0, 104.0], [58.0, 57.0, 50.0]
    inputs = open_inputs(tmp_path, range="0..255", mean=mean, std=std)
    expected = (255 * planes(pixels) - np.reshape(mean, (3, 1, 1))) / np.reshape(std, (3, 1, 1))
    np.testing.assert_allclose(all_of(inputs)[0], expected, atol=1e-5)
    assert inputs.range == pytest.approx((-123 / 58, (255 - 104) / 50))
    assert "minus mean 123, 117, 104 over std 58, 57, 50" in inputs.notes


def save_all(folder, rng, **sizes):
    for name, (height, width) in sizes.items():
        Image.fromarray(noise(rng, height, width, 3)).save(folder / f"{name}.png")


def test_mixed_sizes_share_the_centre_crop_that_the_smallest_allows(tmp_path, rng):
    save_all(tmp_path, rng, a=(100, 200), b=(150, 90))
    inputs = open_inputs(tmp_path)
    assert inputs.shape == (3, 96, 64)  # multiples of 32
    whole = planes(np.asarray(Image.open(tmp_path / "a.png")))
    np.testing.assert_array_equal(all_of(inputs)[0], whole[:, 2:98, 68:132].astype(np.float32))
    assert "centre crop 96x64 of 150x90 to 100x200" in inputs.notes


@pytest.mark.parametrize(
    ("size", "options", "expected"),
    [
        ((700, 530), {}, (512, 512)),
        ((63, 40), {}, (56, 40)),
        ((15, 13), {}, (15, 13)),
        ((100, 200), {"multiple": 48}, (96, 192)),
        ((100, 200), {"crop": 50}, (50, 50)),
        ((700, 700), {"crop": 640, "multiple": 64}, (640, 640)),
    ],
)
def test_the_crop_follows_size_multiple_and_choice(tmp_path, rng, size, options, expected):
    save_all(tmp_path, rng, a=size)
    assert open_inputs(tmp_path, **options).shape == (3, *expected)


def test_pictures_smaller_than_the_crop_are_dropped_and_listed(tmp_path, rng):
    save_all(tmp_path, rng, a=(64, 64), b=(60, 80), c=(70, 70))
    inputs = open_inputs(tmp_path, crop=64)
    assert (inputs.count, len(inputs)) == (3, 2)
    (dropped,) = inputs.dropped
    assert dropped.source == str(tmp_path / "b.png")
    assert dropped.reason == "80x60 is smaller than the crop 64x64"


def test_pictures_that_cannot_be_used_are_dropped_and_the_run_goes_on(tmp_path, rng):
    save_all(tmp_path, rng, good=(32, 32), truncated=(32, 32), dot=(1, 1))
    whole = (tmp_path / "truncated.png").read_bytes()
    (tmp_path / "truncated.png").write_bytes(whole[: len(whole) // 2])
    Image.new("RGB", (32, 32), (9, 8, 7)).save(tmp_path / "constant.png")
    (tmp_path / "page.jpg").write_text("<html>404</html>")
    (tmp_path / "nothing.png").write_bytes(b"")
    tifffile.imwrite(tmp_path / "nan.tif", np.full((32, 32), np.nan, np.float32))
    tifffile.imwrite(tmp_path / "int.tif", noise(rng, 32, 32, dtype=np.int32))
    (tmp_path / "readme.txt").write_text("hello")
    inputs = open_inputs(tmp_path)
    reasons = {d.source.rpartition("/")[2]: d.reason for d in inputs.dropped}
    assert (inputs.count, len(inputs), all_of(inputs).shape) == (8, 1, (1, 3, 32, 32))
    assert reasons.keys() == {
        "truncated.png",
        "dot.png",
        "constant.png",
        "page.jpg",
        "nothing.png",
        "nan.tif",
        "int.tif",
    }
    assert reasons["dot.png"] == "1x1 is smaller than 8 pixels a side"
    assert reasons["constant.png"] == "constant: all pixels are equal"
    assert reasons["page.jpg"].startswith("not a picture but a web page")
    assert reasons["nothing.png"] == "not a picture but empty (0 bytes)"
    assert "truncated" in reasons["truncated.png"]
    assert "NaN" in reasons["nan.tif"]
    assert "int32" in reasons["int.tif"]
    assert "1 other files skipped" in inputs.notes


def test_a_folder_without_usable_pictures_is_nothing_to_analyse(tmp_path):
    with pytest.raises(NothingToAnalyseError, match=r"without pictures .*holds no file"):
        open_inputs(tmp_path)
    (tmp_path / "a.npy").write_bytes(b"x")
    with pytest.raises(NothingToAnalyseError, match=r"it holds a\.npy"):
        open_inputs(tmp_path)
    Image.new("RGB", (1, 1)).save(tmp_path / "b.png")
    with pytest.raises(NothingToAnalyseError, match=r"b\.png: 1x1 is smaller than 8"):
        open_inputs(tmp_path)


def test_num_takes_the_first_usable_in_sorted_order(tmp_path, rng):
    save_all(tmp_path, rng, b=(16, 16), c=(16, 16), d=(16, 16))
    (tmp_path / "a.png").write_bytes(b"")
    inputs = open_inputs(tmp_path, num=2)
    found = all_of(inputs)
    expected = [planes(np.asarray(Image.open(tmp_path / f"{name}.png"))) for name in "bc"]
    np.testing.assert_array_equal(found, np.float32(expected))
    assert inputs.count == 4
    assert "2 of 4 pictures used, in sorted order" in inputs.notes


def test_globs_lists_and_single_files_agree(tmp_path, rng):
    save_all(tmp_path, rng, a=(16, 16), b=(16, 16))
    (tmp_path / "c.txt").write_text("x")
    by_glob = all_of(open_inputs(str(tmp_path / "*.png")))
    by_list = all_of(open_inputs([tmp_path / "a.png", str(tmp_path / "b.png")]))
    by_file = [all_of(open_inputs(tmp_path / f"{name}.png"))[0] for name in "ab"]
    np.testing.assert_array_equal(by_glob, by_list)
    np.testing.assert_array_equal(by_glob, by_file)


def test_pictures_are_read_one_at_a_time(tmp_path, rng, monkeypatch):
    save_all(tmp_path, rng, **{f"p{index:02}": (16, 16) for index in range(12)})
    opened = []
    pillow_open = Image.open

    def count(file, **how):
        opened.append(file.name)
        return pillow_open(file, **how)

    monkeypatch.setattr(Image, "open", count)
    inputs = open_inputs(tmp_path)
    assert len(opened) == 12  # once each, to check
    batches = inputs.batches(3)
    for read in (15, 18):
        next(batches)
        assert len(opened) == read
    assert inputs.shape not in [
        getattr(value, "shape", None)
        for value in vars(inputs).values()
        if isinstance(value, torch.Tensor)
    ]


def test_a_picture_that_vanishes_during_the_run_is_named(tmp_path, rng):
    save_all(tmp_path, rng, a=(16, 16), b=(16, 16))
    inputs = open_inputs(tmp_path)
    (tmp_path / "b.png").unlink()
    with pytest.raises(InputError, match=r"b\.png changed after it was checked"):
        list(inputs.batches(2))
    Image.fromarray(noise(rng, 16, 24, 3)).save(tmp_path / "b.png")
    with pytest.raises(InputError, match=r"b\.png changed its size"):
        list(inputs.batches(2))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"range": "1..0"}, r"range='1\.\.0' is no range"),
        ({"range": "255"}, "is no range"),
        ({"crop": 100, "multiple": 32}, "crop=100 is not a multiple of 32: expected 96 or 128"),
        ({"num": 0}, "num=0 is not a count"),
        ({"std": 0}, "std=0 is no deviation"),
        ({"mean": "a"}, "mean='a' is no number"),
        ({"mean": (1, 2), "std": (1, 2, 3)}, "differ in length"),
        ({"mean": (1, 2)}, "has 2 values, but .* has 3 channels: expected 1 or 3"),
    ],
)
def test_options_without_meaning_are_refused(tmp_path, rng, options, message):
    save_all(tmp_path, rng, a=(16, 16))
    with pytest.raises(ParameterError, match=message):
        open_inputs(tmp_path, **options)


def test_the_published_pictures_open(data_dir):
    kodak = open_inputs(data_dir / "images" / "kodak", num=2)
    assert (kodak.count, kodak.shape) == (12, (3, 512, 512))
    whole = np.asarray(Image.open(data_dir / "images" / "kodak" / "kodim01.png"))
    expected = planes(whole[:, 128:640]).astype(np.float32)
    np.testing.assert_array_equal(next(kodak.batches(1))[0].numpy(), expected)
    nuclei = open_inputs(str(data_dir / "segmentation" / "nuclei" / "*[0-9a-f].png"))
    assert (len(nuclei), nuclei.shape, nuclei.dropped) == (23, (3, 256, 256), ())
