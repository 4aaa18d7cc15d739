"""GoPro, in both layouts, against the pixels that were written."""

import numpy as np
import pytest
import torch
from PIL import Image

from spectra.data import gopro
from spectra.errors import InputError, ParameterError

SEQUENCES = {"GOPR0384_11_00": ("000001", "000002"), "GOPR0410_11_00": ("000097",)}


def pixels(seed):
    return np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)


def write(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)


@pytest.fixture
def nested(tmp_path):
    for number, (sequence, frames) in enumerate(SEQUENCES.items()):
        for frame in frames:
            for kind, salt in (("blur", 1), ("blur_gamma", 2), ("sharp", 3)):
                place = tmp_path / "GOPRO_Large" / "test" / sequence / kind / f"{frame}.png"
                write(place, pixels((number, int(frame), salt)))
    return tmp_path


@pytest.fixture
def flat(tmp_path):
    for number, (sequence, frames) in enumerate(SEQUENCES.items()):
        for frame in frames:
            for kind, salt in (("input", 1), ("target", 3)):
                place = tmp_path / "test" / "GoPro" / kind / f"{sequence}-{frame}.png"
                write(place, pixels((number, int(frame), salt)))
    return tmp_path


def test_both_layouts_give_the_same_pairs_under_the_same_names(nested, flat):
    first, second = gopro(nested / "GOPRO_Large"), gopro(flat)
    expected = ["GOPR0384_11_00-000001", "GOPR0384_11_00-000002", "GOPR0410_11_00-000097"]
    assert [sample.name for sample in first] == [s.name for s in second] == expected
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one.input, other.input)
        assert torch.equal(one.target, other.target)


@pytest.mark.parametrize(("blur", "salt"), [("blur", 1), ("blur_gamma", 2)])
def test_a_pair_holds_the_pixels_of_its_files_over_255(nested, blur, salt):
    sample = gopro(nested, "test", blur=blur)[2]
    for part, seed in ((sample.input, (1, 97, salt)), (sample.target, (1, 97, 3))):
        assert part.dtype == torch.float32
        assert np.array_equal(part.numpy(), pixels(seed).transpose(2, 0, 1) / np.float32(255))
    assert sample.mask.all()
    assert not sample.occluded.any()


def test_the_flat_layout_has_no_other_blur(flat):
    with pytest.raises(ParameterError, match=r"'blur_gamma'.*GOPRO_Large"):
        gopro(flat, blur="blur_gamma")


def test_an_lmdb_is_refused_with_the_way_out(tmp_path):
    (tmp_path / "train" / "input.lmdb").mkdir(parents=True)
    with pytest.raises(InputError, match=r"input\.lmdb is an lmdb .*expected the pictures"):
        gopro(tmp_path, "train")


def test_an_empty_split_and_a_split_that_is_not_there_are_refused(tmp_path):
    (tmp_path / "train" / "input").mkdir(parents=True)
    (tmp_path / "train" / "target").mkdir()
    with pytest.raises(InputError, match="holds no pair"):
        gopro(tmp_path, "train")
    with pytest.raises(InputError, match="expected a folder test in it"):
        gopro(tmp_path, "test")
    with pytest.raises(ParameterError, match="split='val': expected one of train, test"):
        gopro(tmp_path, "val")


@pytest.mark.parametrize(("kind", "what"), [("sharp", "sharp twin"), ("blur", "blurred twin")])
def test_a_picture_without_its_twin_is_named(nested, kind, what):
    place = nested / "GOPRO_Large" / "test" / "GOPR0384_11_00" / kind / "000002.png"
    place.unlink()
    with pytest.raises(InputError, match=f"000002.png has no {what}: expected {place}"):
        gopro(nested)


def test_a_pair_of_two_sizes_is_refused_when_it_is_read(flat):
    write(flat / "test" / "GoPro" / "input" / "GOPR0410_11_00-000097.png", pixels(0)[:, :7])
    samples = gopro(flat)
    with pytest.raises(InputError, match=r"GOPR0410_11_00-000097 .* 7x6 and its target 8x6"):
        samples[2]


def test_a_damaged_picture_is_refused_in_one_line(flat):
    place = flat / "test" / "GoPro" / "input" / "GOPR0410_11_00-000097.png"
    place.write_bytes(place.read_bytes()[:60])
    with pytest.raises(InputError, match=r"000097\.png: cannot be decoded") as caught:
        gopro(flat)[-1]
    assert "\n" not in str(caught.value)
