"""GoPro: blurred and sharp frames of a camera [1]_, in the two layouts that are about.

.. [1] S. Nah, T. H. Kim, K. M. Lee, *Deep Multi-Scale Convolutional Neural Network for Dynamic
   Scene Deblurring*, CVPR 2017.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Literal

from spectra.data._folders import check_choice, check_twins, first_folder, folder, pictures
from spectra.data._reading import read_rgb
from spectra.data._sample import Sample, known_everywhere
from spectra.data._sample_set import SampleSet
from spectra.errors import InputError, ParameterError

WHAT = "the folder of GoPro, which holds train and test"


def gopro(
    root: str | Path,
    split: Literal["train", "test"] = "test",
    *,
    blur: Literal["blur", "blur_gamma"] = "blur",
) -> SampleSet:
    """Return the pairs of GoPro, blurred and sharp.

    Two layouts are read: the authors' ``GOPRO_Large/{train,test}/<sequence>/{blur,blur_gamma,
    sharp}/<frame>.png``, and ``{train,test}/{input,target}/<sequence>-<frame>.png`` of MPRNet,
    Restormer and NAFNet, whose test folder may hold ``GoPro/`` between.

    Parameters
    ----------
    root : path
        The folder that holds ``train`` and ``test``, or one that holds ``GOPRO_Large``.
    split : {"train", "test"}
        2,103 or 1,111 pairs of 1280x720 in the whole set.
    blur : {"blur", "blur_gamma"}
        Frames averaged as they are, which MPRNet, Restormer and NAFNet restore and the flat
        layout holds; or in linear light, which DeepDeblur restores. Results on one do not
        compare with the other's.

    Returns
    -------
    SampleSet
        Named ``<sequence>-<frame>`` in both layouts, in this order.

    Raises
    ------
    InputError
        If the folder has neither layout, holds an lmdb, no pair, or a picture without its twin.
    ParameterError
        If the flat layout is asked for ``blur_gamma``.
    """
    check_choice("split", split, ("train", "test"))
    check_choice("blur", blur, ("blur", "blur_gamma"))
    base = folder(root, WHAT)
    base = base / "GOPRO_Large" if (base / "GOPRO_Large").is_dir() else base
    for place in (base, base / split):
        _refuse_lmdb(place)
    part = first_folder(base, [split], "GoPro")
    if (part / "GoPro").is_dir():
        part = part / "GoPro"
    pairs = _flat(part, blur) if (part / "input").is_dir() else _nested(part, blur)
    if not pairs:
        raise InputError(
            f"{part} holds no pair: expected <sequence>/{blur}/*.png beside <sequence>/sharp, or "
            "input/*.png beside target"
        )
    source = f"GoPro {split} ({blur})"
    return SampleSet(source, "restoration", tuple(partial(_read, *pair) for pair in pairs))


def _refuse_lmdb(place: Path) -> None:
    databases = sorted(place.glob("*.lmdb")) if place.is_dir() else []
    if databases:
        raise InputError(
            f"{databases[0]} is an lmdb of crops, which is not read: expected the pictures it was "
            "made of, {train,test}/{input,target}/*.png"
        )


def _flat(part: Path, blur: str) -> list[tuple[Path, Path, str]]:
    if blur != "blur":
        raise ParameterError(
            f"blur={blur!r}: {part / 'input'} holds one kind of pictures, 'blur'; for blur_gamma "
            "give the folder GOPRO_Large"
        )
    target = first_folder(part, ["target"], "GoPro: input has no target")
    return _paired(part / "input", target, prefix="")


def _nested(part: Path, blur: str) -> list[tuple[Path, Path, str]]:
    sequences = sorted(path for path in part.iterdir() if (path / "sharp").is_dir())
    found = []
    for sequence in sequences:
        blurred = first_folder(sequence, [blur], "sequence of GoPro with that blur")
        found += _paired(blurred, sequence / "sharp", prefix=f"{sequence.name}-")
    return found


def _paired(blurred: Path, sharp: Path, *, prefix: str) -> list[tuple[Path, Path, str]]:
    pairs = [(path, sharp / path.name) for path in pictures(blurred)]
    check_twins(pairs, "sharp twin")
    check_twins([(path, blurred / path.name) for path in pictures(sharp)], "blurred twin")
    return [(path, twin, f"{prefix}{path.stem}") for path, twin in pairs]


def _read(blurred: Path, sharp: Path, name: str) -> Sample:
    return known_everywhere(read_rgb(blurred), read_rgb(sharp), name)
