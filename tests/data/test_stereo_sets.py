"""SceneFlow and KITTI: disparities against bytes that were packed by hand."""

import struct
import warnings

import numpy as np
import pytest
import torch
from PIL import Image

from spectra.data import kitti_stereo, scene_flow
from spectra.data._pfm import read_pfm
from spectra.errors import InputError, ParameterError

DISPARITY = [[1.5, 2.0, 0.25], [3.0, 400.0, 0.5]]  # the top row first


def write_pfm(path, rows, *, order="<", kind="Pf"):
    """Write rows with struct, one float at a time, from the bottom row up."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scale = "-1.0" if order == "<" else "1.0"
    head = f"{kind}\n{len(rows[0])} {len(rows)}\n{scale}\n".encode()
    values = [value for row in reversed(rows) for value in row]
    path.write_bytes(head + b"".join(struct.pack(f"{order}f", value) for value in values))


def write_view(path, shade, *, size=(3, 2)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGBA", size, (shade, shade, shade, 7)).save(path)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_pfm_is_read_from_the_bottom_row_in_its_byte_order(tmp_path, order):
    write_pfm(tmp_path / "a.pfm", DISPARITY, order=order)
    assert read_pfm(tmp_path / "a.pfm").tolist() == DISPARITY


def test_a_pfm_of_colours_keeps_its_channels(tmp_path):
    write_pfm(tmp_path / "a.pfm", [[1, 2, 3], [4, 5, 6]], kind="PF")
    whole = (tmp_path / "a.pfm").read_bytes().replace(b"3 2", b"1 2")
    (tmp_path / "a.pfm").write_bytes(whole)
    assert read_pfm(tmp_path / "a.pfm").tolist() == [[[1, 2, 3]], [[4, 5, 6]]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"P5\n3 2\n255\n" + b"0" * 6, "is no PFM"),
        (b"Pf\n3 2\n-1\n" + bytes(20), "20 bytes of pixels: expected 24 for 3x2"),
        (b"Pf\n99999999 99999999\n-1\n", "0 bytes of pixels"),
        (b"", "is no PFM"),
        (b"Pf\n3 2\n0\n" + bytes(24), "has scale '0': expected a number other than 0"),
        (b"Pf\n3 2\n-\n" + bytes(24), "has scale '-'"),
    ],
)
def test_another_file_is_no_pfm(tmp_path, content, message):
    (tmp_path / "a.pfm").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_pfm(tmp_path / "a.pfm")


def test_a_pfm_whose_lines_end_as_on_windows_is_read(tmp_path):
    write_pfm(tmp_path / "a.pfm", DISPARITY)
    head, _, values = (tmp_path / "a.pfm").read_bytes().partition(b"-1.0\n")
    windows = head.replace(b"\n", b"\r\n") + b"-1.0\r\n" + values
    (tmp_path / "a.pfm").write_bytes(windows)
    assert read_pfm(tmp_path / "a.pfm").tolist() == DISPARITY


FRAMES = {
    "FlyingThings3D": ["TRAIN/A/0000/{}/0006", "TRAIN/A/0000/{}/0007", "TEST/B/0003/{}/0006"],
    "Monkaa": ["a_rain_of_stones_x2/{}/0000"],
    "Driving": ["15mm_focallength/scene_backwards/fast/{}/0001"],
}


def write_scene_flow(base, subset, *, frames="frames_finalpass", sign=1):
    for number, name in enumerate(FRAMES[subset]):
        write_view(base / frames / f"{name.format('left')}.png", 10 + number)
        write_view(base / frames / f"{name.format('right')}.png", 100 + number)
        rows = [[sign * (value + number) for value in row] for row in DISPARITY]
        for side in ("left", "right"):
            write_pfm(base / "disparity" / f"{name.format(side)}.pfm", rows)


@pytest.mark.parametrize("subset", FRAMES)
@pytest.mark.parametrize("below", ["", "SceneFlow"])
def test_each_subset_gives_both_views_and_the_left_disparity(tmp_path, subset, below):
    write_scene_flow(tmp_path / below / subset, subset)
    samples = scene_flow(tmp_path, subset)
    assert len(samples) == sum("TEST" not in name for name in FRAMES[subset])
    sample = samples[-1]
    number = len(samples) - 1
    assert sample.name == FRAMES[subset][number].format("left")
    assert sample.input.shape == (6, 2, 3)
    assert (sample.input[:3] * 255).round().unique().tolist() == [10 + number]
    assert (sample.input[3:] * 255).round().unique().tolist() == [100 + number]
    assert sample.target.tolist() == [[v + number for v in row] for row in DISPARITY]


def test_the_clean_pass_and_the_part_for_testing_are_others(tmp_path):
    write_scene_flow(tmp_path / "FlyingThings3D", "FlyingThings3D")
    write_scene_flow(tmp_path / "FlyingThings3D", "FlyingThings3D", frames="frames_cleanpass")
    assert [s.name for s in scene_flow(tmp_path, split="test")] == ["TEST/B/0003/left/0006"]
    assert len(scene_flow(tmp_path, rendering="clean")) == 2
    with pytest.raises(ParameterError, match="split='test' of Monkaa"):
        scene_flow(tmp_path, "Monkaa", "test")


def test_the_layout_of_sttr_has_its_own_spelling_and_numbered_occlusions(tmp_path):
    write_scene_flow(tmp_path, "FlyingThings3D", frames="frame_finalpass")
    for number in range(2):
        hidden = np.zeros((2, 3), dtype=np.uint8)
        hidden[0, 1 + number] = 255
        place = tmp_path / "occlusion" / "TRAIN" / "left" / f"{number:07}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(hidden).save(place)
    first, second = scene_flow(tmp_path)
    # Beyond the left edge of the right view; and, of the second, what the picture adds at (0, 2).
    assert first.occluded.tolist() == [[True, True, False], [True, True, False]]
    assert second.occluded.tolist() == [[True, True, True], [True, True, False]]
    place.unlink()
    with pytest.raises(InputError, match="holds 1 pictures of occlusions for 2 views"):
        scene_flow(tmp_path)


def test_the_mask_is_finite_above_zero_and_at_most_the_maximum(tmp_path):
    write_scene_flow(tmp_path / "Monkaa", "Monkaa")
    rows = [[float("inf"), float("nan"), 0.0], [191.5, 192.5, 1.0]]
    write_pfm(tmp_path / "Monkaa" / "disparity" / "a_rain_of_stones_x2/left/0000.pfm", rows)
    sample = scene_flow(tmp_path, "Monkaa", max_disparity=192)[0]
    assert sample.mask.tolist() == [[False, False, False], [True, False, True]]
    assert sample.target.isfinite().all()
    assert scene_flow(tmp_path, "Monkaa")[0].mask[1].tolist() == [True, True, True]
    with pytest.raises(ParameterError, match="max_disparity=0"):
        scene_flow(tmp_path, "Monkaa", max_disparity=0)


def test_negative_disparities_change_their_sign_with_a_warning(tmp_path):
    write_scene_flow(tmp_path / "Monkaa", "Monkaa", sign=-1)
    with pytest.warns(UserWarning, match="negative disparities") as caught:
        samples = scene_flow(tmp_path, "Monkaa")
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert samples[0].target.tolist() == DISPARITY


def test_a_stray_negative_disparity_is_not_known(tmp_path):
    write_scene_flow(tmp_path, "Monkaa")
    path = sorted(tmp_path.rglob("left/*.pfm"))[0]
    write_pfm(path, [[-5.0, *DISPARITY[0][1:]], DISPARITY[1]])
    sample = scene_flow(tmp_path, "Monkaa")[0]
    assert not sample.mask[0, 0]
    assert sample.target[0].tolist() == [0.0, *DISPARITY[0][1:]]


@pytest.mark.parametrize("kind", ["frames_finalpass", "disparity"])
def test_a_view_without_its_twin_is_named(tmp_path, kind):
    write_scene_flow(tmp_path / "Driving", "Driving")
    side = "right" if kind == "frames_finalpass" else "left"
    name = f"{FRAMES['Driving'][0].format(side)}.{'png' if side == 'right' else 'pfm'}"
    place = tmp_path / "Driving" / kind / name
    place.unlink()
    with pytest.raises(InputError, match=f"0001.png has no .*: expected {place}"):
        scene_flow(tmp_path, "Driving")


def test_views_and_truth_of_other_sizes_are_refused(tmp_path):
    write_scene_flow(tmp_path / "Monkaa", "Monkaa")
    samples = scene_flow(tmp_path, "Monkaa")
    base = tmp_path / "Monkaa" / "frames_finalpass" / "a_rain_of_stones_x2"
    write_view(base / "right" / "0000.png", 5, size=(4, 2))
    with pytest.raises(InputError, match="expected two views of one size"):
        samples[0]
    write_view(base / "left" / "0000.png", 5, size=(4, 2))
    with pytest.raises(InputError, match="input is 4x2 and its target 3x2"):
        samples[0]


def write_disparities(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(values, dtype=np.uint16)).save(path)


def write_kitti(base, year):
    left, right, every, both = {
        2012: ("colored_0", "colored_1", "disp_occ", "disp_noc"),
        2015: ("image_2", "image_3", "disp_occ_0", "disp_noc_0"),
    }[year]
    for frame in ("000000_10", "000000_11", "000001_10"):
        for folder in (left, right):
            place = base / "training" / folder / f"{frame}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (4, 1), (1, 2, 3)).save(place)
    for frame in ("000000_10", "000001_10"):
        write_disparities(base / "training" / every / f"{frame}.png", [[0, 256, 384, 640]])
        write_disparities(base / "training" / both / f"{frame}.png", [[0, 256, 384, 0]])
    return base / "training" / every


@pytest.mark.parametrize("year", [2012, 2015])
def test_kitti_is_disparity_times_256_and_0_is_unknown(tmp_path, year):
    write_kitti(tmp_path, year)
    samples = kitti_stereo(tmp_path, year)
    assert [sample.name for sample in samples] == ["000000_10", "000001_10"]
    assert samples[0].target.tolist() == [[0, 1, 1.5, 2.5]]
    assert samples[0].mask.tolist() == [[False, True, True, True]]
    assert samples[0].occluded.tolist() == [[False, False, False, True]]
    assert samples[0].counted.tolist() == [[False, True, True, False]]


def test_kitti_without_the_second_truth_knows_no_occlusion(tmp_path):
    truth = write_kitti(tmp_path / "Kitti2015", 2015)
    for path in (truth.parent / "disp_noc_0").iterdir():
        path.unlink()
    (truth.parent / "disp_noc_0").rmdir()
    assert not kitti_stereo(tmp_path)[1].occluded.any()


def test_kitti_of_8_bits_and_of_the_other_year_is_refused(tmp_path):
    truth = write_kitti(tmp_path, 2015)
    Image.new("L", (4, 1), 3).save(truth / "000000_10.png")
    with pytest.raises(InputError, match="1 channels of uint8: expected gray of 16 bits"):
        kitti_stereo(tmp_path)[0]
    with pytest.raises(InputError, match="expected a folder colored_0"):
        kitti_stereo(tmp_path, 2012)
    with pytest.raises(ParameterError, match="year=2013: expected one of 2012, 2015"):
        kitti_stereo(tmp_path, 2013)


def test_a_batch_of_torch_keeps_the_names_of_the_parts(tmp_path):
    write_kitti(tmp_path, 2015)
    (batch,) = torch.utils.data.DataLoader(kitti_stereo(tmp_path), batch_size=2)
    assert batch.input.shape == (2, 6, 1, 4)
    assert batch.target.shape == batch.counted.shape == (2, 1, 4)
    assert batch.name == ("000000_10", "000001_10")
