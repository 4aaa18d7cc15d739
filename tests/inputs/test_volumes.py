"""Volumes: NumPy arrays, NIfTI and pages of TIFF, one in each file."""

import gzip
import struct

import numpy as np
import pytest
import tifffile
import torch

from spectra.errors import InputError, NothingToAnalyseError, ParameterError
from spectra.inputs import check_inputs, open_inputs

RNG = np.random.default_rng(0)


def read(source, **options):
    inputs = open_inputs(source, **options)
    return inputs, torch.cat(list(inputs.batches(2))).numpy()


def arrays(folder, *shapes):
    made = [RNG.normal(size=shape).astype(np.float32) for shape in shapes]
    for number, values in enumerate(made):
        np.save(folder / f"{number}.npy", values)
    return made


def test_a_folder_of_arrays_holds_a_volume_in_each(tmp_path):
    made = arrays(tmp_path, (8, 9, 10), (8, 9, 10))
    (tmp_path / "readme.txt").touch()
    check_inputs(str(tmp_path))
    inputs, maps = read(tmp_path)
    np.testing.assert_array_equal(maps, np.stack(made)[:, None])
    said = " ".join(inputs.notes)
    assert "three axes read as a volume; for channels of maps type" in said
    assert "1 other files skipped" in said


def test_four_axes_are_channels_of_a_volume(tmp_path):
    made = arrays(tmp_path, (2, 8, 9, 10))
    np.testing.assert_array_equal(read(tmp_path)[1], np.stack(made))


def test_volumes_of_other_sizes_are_cut_to_the_middle_of_the_smallest(tmp_path):
    made = arrays(tmp_path, (8, 9, 10), (12, 9, 10))
    inputs, maps = read(tmp_path)
    assert maps.shape == (2, 1, 8, 9, 10)
    np.testing.assert_array_equal(maps[1, 0], made[1][2:10])
    assert any("cut to the middle 8x9x10 of 8x9x10 to 12x9x10" in note for note in inputs.notes)


def test_what_axes_are_is_asked_and_the_answer_is_taken(tmp_path):
    made = arrays(tmp_path, (3, 9, 10))
    with pytest.raises(InputError, match=f"3 channels of a map.*{tmp_path.name}.maps'"):
        open_inputs(tmp_path)
    np.testing.assert_array_equal(read(f"{tmp_path}?maps")[1], np.stack(made))
    assert read(f"{tmp_path}?volume")[1].shape == (1, 1, 3, 9, 10)


def test_two_axes_are_a_signal_unless_they_are_said_to_be_a_map(tmp_path):
    made = arrays(tmp_path, (9, 10), (9, 10))
    inputs, signals = read(tmp_path)
    np.testing.assert_array_equal(signals, np.stack(made))
    assert f"two axes read as a signal; for maps type '{tmp_path}?maps'" in inputs.notes
    np.testing.assert_array_equal(read(f"{tmp_path}?maps")[1], np.stack(made)[:, None])


def test_a_map_among_volumes_is_asked_about_and_hides_none_of_them(tmp_path):
    arrays(tmp_path, (8, 9, 10), (9, 10))
    with pytest.raises(InputError, match=r"1.npy has shape \(9, 10\): one map"):
        open_inputs(tmp_path)


def test_five_axes_and_integers_are_refused(tmp_path):
    arrays(tmp_path, (1, 1, 8, 8, 8))
    with pytest.raises(InputError, match="expected a volume"):
        open_inputs(tmp_path)
    np.save(tmp_path / "0.npy", np.zeros((8, 8, 8), np.int16))
    with pytest.raises(InputError, match="holds int16 values"):
        open_inputs(tmp_path)


def test_pages_of_a_tiff_are_planes_only_when_asked(tmp_path):
    pages = RNG.integers(0, 2**16, (6, 16, 18)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="minisblack", compression="zlib")
    inputs, maps = read(f"{tmp_path}?volume")
    np.testing.assert_allclose(maps[0, 0], pages / 65535, atol=1e-7)
    assert any("pages of each TIFF are the planes" in note for note in inputs.notes)
    assert read(f"{tmp_path / 'a.tif'}?volume", range="-1..1")[1].min() < -0.9
    pictures, _ = read(tmp_path)
    assert pictures.kind == "images"
    assert any("first of 6 pages of a.tif" in note for note in pictures.notes)


def test_pages_that_differ_or_unpack_to_gigabytes_are_refused(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as made:
        made.write(np.ones((8, 8), np.uint8))
        made.write(np.ones((9, 8), np.uint8))
    with pytest.raises(NothingToAnalyseError, match="page 1 is not like the first"):
        open_inputs(f"{tmp_path}?volume")
    zeros = np.zeros((4096, 4096), np.uint8)
    with tifffile.TiffWriter(tmp_path / "a.tif") as made:
        for _ in range(8):
            made.write(zeros, compression="zlib", contiguous=False)
    with pytest.raises(NothingToAnalyseError, match="of pixels in"):
        open_inputs(f"{tmp_path}?volume")


def test_a_volume_is_asked_for_where_there_is_none(tmp_path):
    (tmp_path / "a.txt").write_text("no")
    with pytest.raises(InputError, match="holds no volume"):
        open_inputs(f"{tmp_path}?volume")


def nifti(path, values, *, zooms=(1.0, 2.0, 3.0), unit=2, slope=(0.0, 0.0), dtype=16, offset=352):
    """Write NIfTI-1 by its definition, without nibabel; values are (z, y, x) or (t, z, y, x)."""
    header = bytearray(348)
    struct.pack_into("<i", header, 0, 348)
    sides = values.shape[::-1]
    struct.pack_into("<8h", header, 40, len(sides), *sides, *[1] * (7 - len(sides)))
    bits = values.dtype.itemsize * 8
    struct.pack_into("<hh", header, 70, dtype, bits)
    struct.pack_into("<8f", header, 76, 1, *zooms, *[1] * 4)
    struct.pack_into("<fff", header, 108, offset, *slope)
    header[123] = unit
    header[344:348] = b"n+1\0"
    data = bytes(header) + bytes(4) + values.tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_nifti_is_read_as_its_definition_says(tmp_path, name):
    pytest.importorskip("nibabel")
    values = RNG.normal(size=(8, 9, 10)).astype("<f4")
    nifti(tmp_path / name, values)
    inputs, maps = read(tmp_path / name)
    np.testing.assert_array_equal(maps, values[None, None])
    assert inputs.spacing.distance == pytest.approx((3.0, 2.0, 1.0))
    assert (inputs.spacing.unit, inputs.spacing.dims) == ("mm", ("z", "y", "x"))


def test_whole_numbers_are_scaled_as_the_header_says_and_times_are_samples(tmp_path):
    pytest.importorskip("nibabel")
    values = RNG.integers(-99, 99, (3, 8, 9, 10)).astype("<i2")
    nifti(tmp_path / "a.nii.gz", values, slope=(0.5, 10.0), dtype=4)
    inputs, maps = read(tmp_path)
    np.testing.assert_allclose(maps[:, 0], values * 0.5 + 10)
    assert inputs.used == 3


def damaged(path, change):
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: struct.pack_into("<8h", d, 40, 3, *[30000] * 3, 1, 1, 1, 1), "would unpack to"),
        (
            lambda d: struct.pack_into("<8h", d, 40, 3, -8, 9, 10, 1, 1, 1, 1),
            "cannot be read|one n",
        ),
        (lambda d: struct.pack_into("<h", d, 70, 128), "expected one number a voxel"),
        (lambda d: struct.pack_into("<h", d, 70, 999), "cannot be read"),
        (lambda d: struct.pack_into("<f", d, 108, 1e9), "numbers begin at"),
        (lambda d: struct.pack_into("<f", d, 108, float("nan")), "numbers begin at byte nan"),
        (lambda d: d.__delitem__(slice(400, None)), "ends early"),
    ],
)
def test_a_damaged_header_is_one_line(tmp_path, change, said, capfd, caplog):
    pytest.importorskip("nibabel")
    nifti(tmp_path / "a.nii", RNG.normal(size=(8, 9, 10)).astype("<f4"))
    damaged(tmp_path / "a.nii", change)
    with pytest.raises((InputError, NothingToAnalyseError, ParameterError), match=said):
        open_inputs(tmp_path / "a.nii")
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


@pytest.mark.parametrize("zooms", [(0.0, 2.0, 3.0), (float("nan"), 2.0, 3.0)])
def test_a_distance_that_is_none_is_told_as_unknown_and_nothing_is_mended(tmp_path, zooms, caplog):
    pytest.importorskip("nibabel")
    values = RNG.normal(size=(8, 9, 10)).astype("<f4")
    nifti(tmp_path / "a.nii", values, zooms=zooms, offset=0.0)
    inputs, maps = read(tmp_path / "a.nii")
    np.testing.assert_array_equal(maps, values[None, None])
    assert inputs.spacing is None
    assert caplog.records == []


def test_a_tiff_that_declares_planes_and_holds_none_is_one_line(tmp_path):
    entries = ((256, 16), (257, 16), (258, 11229), (259, 1))  # width, length, bits, compression
    directory = b"".join(struct.pack("<HHII", tag, 3, 1, value) for tag, value in entries)
    data = struct.pack("<2sHIH", b"II", 42, 8, len(entries)) + directory + bytes(4)
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(
        InputError, match=r"a.tif cannot be read \(.*it holds 1x1x0, declared 1x1x16x16"
    ):
        open_inputs(f"{tmp_path / 'a.tif'}?volume")


def test_gzip_that_unpacks_to_gigabytes_is_refused_by_what_it_declares(tmp_path):
    pytest.importorskip("nibabel")
    small = np.zeros((2, 2, 2), "<f4")
    nifti(tmp_path / "a.nii", small)
    data = bytearray((tmp_path / "a.nii").read_bytes())
    struct.pack_into("<8h", data, 40, 3, *[1200] * 3, 1, 1, 1, 1)
    (tmp_path / "a.nii").unlink()
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(bytes(data) + bytes(1 << 24)))
    with pytest.raises(InputError, match=r"would unpack to .* GiB"):
        open_inputs(tmp_path)


def test_without_nibabel_the_line_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "nibabel", None)
    nifti(tmp_path / "a.nii", RNG.normal(size=(8, 9, 10)).astype("<f4"))
    with pytest.raises(InputError, match=r"pip install 'spectra-artifacts\[medical\]'"):
        open_inputs(tmp_path / "a.nii")


@pytest.mark.parametrize("named", ["a pattern", "a list"])
def test_files_of_volumes_are_read_as_a_folder_of_them_is(tmp_path, named):
    """Arrays of three axes, one a file; the shell makes a list of a pattern."""
    made = arrays(tmp_path, (8, 9, 10), (8, 9, 10))
    (tmp_path / "readme.txt").touch()
    pattern = f"{tmp_path}/*.npy"
    source = pattern if named == "a pattern" else sorted(tmp_path.glob("*.npy"))
    check_inputs(source)
    inputs, volumes = read(source)
    np.testing.assert_array_equal(volumes, np.stack(made)[:, None])
    assert f"three axes read as a volume; for channels of maps type '{pattern}?maps'" in (
        inputs.notes
    )
    np.testing.assert_array_equal(read(f"{pattern}?maps")[1], np.stack(made))


def test_files_of_nifti_are_named_by_a_pattern(tmp_path):
    pytest.importorskip("nibabel", reason="nibabel is not installed: extra medical")
    for number in range(2):
        nifti(tmp_path / f"{number}.nii.gz", np.arange(480, dtype="<f4").reshape(8, 6, 10) + number)
    _, volumes = read(f"{tmp_path}/*.nii.gz")
    assert volumes.shape == (2, 1, 8, 6, 10)
    assert (volumes[1] - volumes[0] == 1).all()


def test_pages_of_several_tiffs_are_planes_behind_a_pattern(tmp_path):
    for number in range(2):
        stack = RNG.integers(0, 255, (8, 20, 24), dtype=np.uint8)
        tifffile.imwrite(tmp_path / f"{number}.tif", stack, photometric="minisblack")
    pattern = f"{tmp_path}/*.tif"
    inputs, pictures = read(pattern, crop=16)
    assert pictures.shape == (2, 1, 16, 16)
    assert any(note.endswith(f"for volumes type '{pattern}?volume'") for note in inputs.notes)
    assert read(f"{pattern}?volume")[1].shape == (2, 1, 8, 20, 24)


def test_a_pattern_that_asks_for_volumes_where_there_are_none_says_what_is_there(tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("words")
    with pytest.raises(InputError, match=r"\*.txt holds no volume \(a.txt, b.txt\)"):
        open_inputs(f"{tmp_path}/*.txt?volume")
