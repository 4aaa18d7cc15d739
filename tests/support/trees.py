"""Small trees of files in the layouts of the published sets, all pixels at random."""

import numpy as np
from PIL import Image


def write_png(path, pixels):
    """Write a picture, its folder made if absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def gopro_tree(root, *, size=(64, 80), pairs=(3, 1)):
    """Make ``GOPRO_Large`` with so many pairs to train and to test on."""
    rng = np.random.default_rng(0)
    for part, count in zip(("train", "test"), pairs, strict=True):
        for frame in range(count):
            for kind in ("blur", "blur_gamma", "sharp"):
                place = root / "GOPRO_Large" / part / "GOPR0384_11_00" / kind / f"{frame:06}.png"
                write_png(place, rng.integers(0, 256, (*size, 3), dtype=np.uint8))
    return root


def voc_tree(root, *, size=(60, 80), pairs=(3, 1)):
    """Make ``VOCdevkit/VOC2012`` with SBD's labels and lists."""
    rng = np.random.default_rng(0)
    base = root / "VOCdevkit" / "VOC2012"
    lists = {"trainaug": pairs[0], "val": pairs[1]}
    for name, count in lists.items():
        names = [f"2007_{name}_{number}" for number in range(count)]
        place = base / "ImageSets" / "Segmentation" / f"{name}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("".join(f"{one}\n" for one in names))
        for one in names:
            photograph = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
            write_png(base / "JPEGImages" / f"{one}.jpg", photograph)
            labels = rng.integers(0, 21, size, dtype=np.uint8)
            labels[:3] = 255
            write_png(base / "SegmentationClassAug" / f"{one}.png", labels)
    return root


def scene_flow_tree(root, *, size=(128, 140), pairs=(3, 1)):
    """Make ``FlyingThings3D``, each pair shifted by its own number of whole pixels."""
    rng = np.random.default_rng(0)
    base = root / "FlyingThings3D"
    for part, count in zip(("TRAIN", "TEST"), pairs, strict=True):
        for frame in range(count):
            shift = 2 + frame
            scene = rng.integers(0, 256, (size[0], size[1] + shift, 3), dtype=np.uint8)
            name = f"{part}/A/0000/{{}}/{frame:04}"
            views = {"left": scene[:, : size[1]], "right": scene[:, shift:]}
            for side, view in views.items():
                write_png(base / "frames_finalpass" / f"{name.format(side)}.png", view)
            place = base / "disparity" / f"{name.format('left')}.pfm"
            place.parent.mkdir(parents=True, exist_ok=True)
            head = f"Pf\n{size[1]} {size[0]}\n-1.0\n".encode()
            place.write_bytes(head + np.full(size, shift, dtype="<f4").tobytes())
    return root
