"""PASCAL VOC 2012 in its own layout, palette pictures included."""

import numpy as np
import pytest
from PIL import Image

from spectra.data import pascal_voc
from spectra.errors import InputError

LABELS = np.array([[0, 15, 255], [20, 1, 0]], dtype=np.uint8)


def write_labels(path, labels):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(labels, mode=None)
    picture.putpalette([value for n in range(256) for value in (n ^ 255, n * 7 % 256, 3)])
    assert picture.mode == "P"
    picture.save(path)


def write_list(base, name, text):
    place = base / "ImageSets" / "Segmentation" / f"{name}.txt"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


@pytest.fixture
def voc(tmp_path):
    base = tmp_path / "VOCdevkit" / "VOC2012"
    for number, name in enumerate(("2007_000032", "2007_000039", "2008_000002")):
        photograph = np.full((2, 3, 3), 40 * number, dtype=np.uint8)
        (base / "JPEGImages").mkdir(parents=True, exist_ok=True)
        Image.fromarray(photograph).save(base / "JPEGImages" / f"{name}.jpg")
        write_labels(base / "SegmentationClass" / f"{name}.png", np.roll(LABELS, number))
        augmented = base / "SegmentationClassAug" / f"{name}.png"
        augmented.parent.mkdir(exist_ok=True)
        Image.fromarray(np.roll(LABELS, number + 1)).save(augmented)  # gray, as SBD's are
    write_list(base, "val", "2007_000039\n2007_000032\n")
    write_list(base, "train", "2008_000002\n")
    line = "/JPEGImages/{0}.jpg /SegmentationClassAug/{0}.png\n"
    write_list(base, "trainaug", line.format("2008_000002") + line.format("2007_000032"))
    return tmp_path


def test_labels_are_the_numbers_of_the_palette_in_the_order_of_the_list(voc):
    samples = pascal_voc(voc)
    assert [sample.name for sample in samples] == ["2007_000039", "2007_000032"]
    assert np.array_equal(samples[0].target, np.roll(LABELS, 1))
    assert np.array_equal(samples[1].target, LABELS)
    assert np.array_equal(samples[1].mask, LABELS != 255)
    assert samples[0].input.shape == (3, 2, 3)
    assert samples.classes[15] == "person"
    assert len(samples.classes) == 21


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_list_may_end_its_lines_as_any_system_does(voc, end):
    base = voc / "VOCdevkit" / "VOC2012"
    place = base / "ImageSets" / "Segmentation" / "val.txt"
    place.write_bytes(f"\ufeff2007_000039{end}2007_000032{end}".encode())
    assert [sample.name for sample in pascal_voc(voc)] == ["2007_000039", "2007_000032"]


def test_sbd_has_its_own_labels_and_its_own_list_for_training(voc):
    samples = pascal_voc(voc, "train", sbd=True)
    assert [sample.name for sample in samples] == ["2008_000002", "2007_000032"]
    assert np.array_equal(samples[1].target, np.roll(LABELS, 1))
    assert len(pascal_voc(voc, "train")) == 1


@pytest.mark.parametrize("depth", ["VOCdevkit", "VOCdevkit/VOC2012"])
def test_any_folder_of_the_layout_may_be_given(voc, depth):
    assert len(pascal_voc(voc / depth)) == 2


def test_a_list_that_names_a_missing_file_is_refused(voc):
    base = voc / "VOCdevkit" / "VOC2012"
    write_list(base, "val", "2007_000039\n2007_000033\n")
    with pytest.raises(InputError, match=r"val\.txt has no file .*2007_000033\.jpg"):
        pascal_voc(voc)


def test_a_list_that_is_empty_or_not_there_is_refused(voc):
    base = voc / "VOCdevkit" / "VOC2012"
    write_list(base, "val", "\n\n")
    with pytest.raises(InputError, match=r"val\.txt is empty"):
        pascal_voc(voc)
    with pytest.raises(InputError, match=r"trainval\.txt cannot be read"):
        pascal_voc(voc, "trainval")


def test_labels_out_of_range_are_refused(voc):
    place = voc / "VOCdevkit" / "VOC2012" / "SegmentationClass" / "2007_000032.png"
    write_labels(place, np.array([[0, 21, 254], [255, 0, 20]], dtype=np.uint8))
    with pytest.raises(InputError, match=r"2007_000032 .* has labels 21, 254: expected 0\.\.20"):
        pascal_voc(voc)[1]


def test_labels_that_were_turned_to_colours_are_refused(voc):
    place = voc / "VOCdevkit" / "VOC2012" / "SegmentationClass" / "2007_000032.png"
    Image.open(place).convert("RGB").save(place)
    with pytest.raises(InputError, match="picture of mode RGB: expected labels"):
        pascal_voc(voc)[1]
    place.write_bytes(b"")
    with pytest.raises(InputError, match="labels cannot be read"):
        pascal_voc(voc)[1]


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="is no PASCAL VOC 2012: expected a folder VOCdevkit"):
        pascal_voc(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        pascal_voc(tmp_path / "nowhere")
