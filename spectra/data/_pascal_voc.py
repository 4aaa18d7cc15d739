"""PASCAL VOC 2012: photographs with the class of each pixel, and SBD's further labels.

The classes are numbered in alphabetical order, behind the background.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Literal

from spectra._files import read_whole
from spectra.data._folders import check_choice, check_twins, first_folder, folder
from spectra.data._reading import read_label_map, read_rgb
from spectra.data._sample import Sample, labelled
from spectra.data._sample_set import SampleSet
from spectra.errors import InputError

CLASSES = (
    *("background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat"),
    *("chair", "cow", "diningtable", "dog", "horse", "motorbike", "person", "pottedplant"),
    *("sheep", "sofa", "train", "tvmonitor"),
)
WHAT = "the folder of PASCAL VOC 2012, which holds VOCdevkit"


def pascal_voc(
    root: str | Path,
    split: Literal["train", "val", "trainval"] = "val",
    *,
    sbd: bool = False,
) -> SampleSet:
    """Return the photographs of PASCAL VOC 2012 with their labels.

    Parameters
    ----------
    root : path
        The folder that holds ``VOCdevkit/VOC2012``, ``VOC2012``, or ``JPEGImages``.
    split : {"train", "val", "trainval"}
        Which list of ``ImageSets/Segmentation``; 1,464, 1,449 and 2,913 photographs.
    sbd : bool
        Take labels from ``SegmentationClassAug``, and ``train`` from ``trainaug.txt``, the 10,582
        photographs that segmentation networks are trained on. Which they are is a list, not a
        rule: it has to be there.

    Returns
    -------
    SampleSet
        Labels 0..20, and 255 where the outline is drawn, which is not counted.

    Raises
    ------
    InputError
        If the folder has another layout, the list is missing or empty, or names what is not
        there; on reading, if a picture of labels has others.
    """
    check_choice("split", split, ("train", "val", "trainval"))
    layouts = ["VOCdevkit/VOC2012/JPEGImages", "VOC2012/JPEGImages", "JPEGImages"]
    base = first_folder(folder(root, WHAT), layouts, "PASCAL VOC 2012").parent
    kind = "SegmentationClassAug" if sbd else "SegmentationClass"
    labels = first_folder(base, [kind], "PASCAL VOC 2012")
    name = "trainaug" if sbd and split == "train" else split
    place = base / "ImageSets" / "Segmentation" / f"{name}.txt"
    names = _listed_names(place)
    photographs = [base / "JPEGImages" / f"{name}.jpg" for name in names]
    numbers = [labels / f"{name}.png" for name in names]
    check_twins(((place, path) for path in (*photographs, *numbers)), "file for a name in it")
    triples = zip(photographs, numbers, names, strict=True)
    readers = tuple(partial(_read, *triple) for triple in triples)
    source = f"PASCAL VOC 2012 {split}{' with SBD' if sbd else ''}"
    return SampleSet(source, "segmentation", readers, classes=CLASSES)


def _listed_names(place: Path) -> list[str]:
    """Return the names in a list: one a line, or the paths of a photograph and its labels."""
    try:
        lines = read_whole(place).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{place} cannot be read: expected a list with the name of a photograph in each line"
        ) from error
    names = [_name(line.strip()) for line in lines if line.strip()]
    if not names:
        raise InputError(f"{place} is empty: expected the name of a photograph in each line")
    return names


def _name(line: str) -> str:
    """Return the name in a line, which may be that of a file, or two paths."""
    pair = line.split()
    first = Path(pair[0] if len(pair) == 2 and all("." in path for path in pair) else line)
    return first.stem if first.suffix.lower() in (".jpg", ".png") else first.name


def _read(photograph: Path, labels: Path, name: str) -> Sample:
    return labelled(read_rgb(photograph), read_label_map(labels), name)
