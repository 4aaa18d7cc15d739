"""SceneFlow: rendered pairs of views with dense disparities [1]_.

.. [1] N. Mayer et al., *A Large Dataset to Train Convolutional Networks for Disparity, Optical
   Flow, and Scene Flow Estimation*, CVPR 2016.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from spectra.data._folders import check_choice, check_twins, first_folder, folder
from spectra.data._pfm import read_pfm
from spectra.data._reading import read_mask
from spectra.data._sample import Sample
from spectra.data._sample_set import SampleSet
from spectra.data._stereo import check_maximum, read_views, stereo_sample
from spectra.errors import InputError, ParameterError

Subset = Literal["FlyingThings3D", "Monkaa", "Driving"]
SUBSETS: tuple[Subset, ...] = ("FlyingThings3D", "Monkaa", "Driving")


def scene_flow(
    root: str | Path,
    subset: Subset = "FlyingThings3D",
    split: Literal["train", "test"] = "train",
    *,
    rendering: Literal["clean", "final"] = "final",
    max_disparity: float | None = None,
) -> SampleSet:
    """Return the pairs of views of one subset of SceneFlow with the left view's disparities.

    Read are ``{frames,frame}_{clean,final}pass/**/left/*.png``, the same below ``right``, and
    ``disparity/**/left/*.pfm``; below ``occlusion/**/left`` also where the right view does not
    show what the left one does, as STTR ships it for FlyingThings3D.

    Parameters
    ----------
    root : path
        The folder that holds ``SceneFlow``, the subset, or its ``disparity``.
    subset : {"FlyingThings3D", "Monkaa", "Driving"}
    split : {"train", "test"}
        Only FlyingThings3D has a part for testing.
    rendering : {"clean", "final"}
        Without or with blur of motion and focus; STTR was trained on ``final``.
    max_disparity : float, optional
        Leave out larger disparities, in pixels; 192 is usual.

    Returns
    -------
    SampleSet
        Disparities of at least 0; the mask is where they are finite, above 0 and not too large.
        Of a file with both signs the negative ones are not known.

    Warns
    -----
    UserWarning
        If disparities are stored as negative numbers, as some releases do: their sign is changed.

    Raises
    ------
    InputError
        If the folder has another layout, holds no pair, or a picture without its twin.
    ParameterError
        If an option has no such value.
    """
    check_choice("subset", subset, SUBSETS)
    check_choice("split", split, ("train", "test"))
    check_choice("rendering", rendering, ("clean", "final"))
    check_maximum(max_disparity)
    if split == "test" and subset != "FlyingThings3D":
        raise ParameterError(f"split='test' of {subset}: it has no such part; expected 'train'")
    base = _base(folder(root, "the folder of SceneFlow"), subset)
    frames = first_folder(
        base, [f"frames_{rendering}pass", f"frame_{rendering}pass"], f"{subset} of SceneFlow"
    )
    disparity = first_folder(base, ["disparity"], f"{subset} of SceneFlow")
    part = frames / split.upper() if subset == "FlyingThings3D" else frames
    left = sorted(p for p in part.glob("**/left/*") if p.suffix.lower() == ".png")
    if not left:
        raise InputError(f"{part} holds no picture: expected {part}/**/left/*.png")
    right = [path.parent.parent / "right" / path.name for path in left]
    truth = [disparity / path.relative_to(frames).with_suffix(".pfm") for path in left]
    check_twins(zip(left, right, strict=True), "right view")
    check_twins(zip(left, truth, strict=True), "disparity")
    hidden = _occlusions(base / "occlusion", left, frames, split)
    negative = _is_negative(read_pfm(truth[0]))
    if negative:
        warnings.warn(
            f"{truth[0]} holds negative disparities: the sign of all is changed", stacklevel=2
        )
    names = [path.relative_to(frames).with_suffix("").as_posix() for path in left]
    readers = tuple(
        partial(
            _read,
            views,
            disparity=values,
            negative=negative,
            occlusion=occlusion,
            most=max_disparity,
            name=name,
        )
        for *views, values, occlusion, name in zip(left, right, truth, hidden, names, strict=True)
    )
    return SampleSet(f"{subset} {split} ({rendering} pass)", "disparity", readers)


def _base(root: Path, subset: str) -> Path:
    for place in (root / "SceneFlow" / subset, root / subset):
        if place.is_dir():
            return place
    return root


def _occlusions(
    place: Path, left: Sequence[Path], frames: Path, split: str
) -> Sequence[Path | None]:
    """Return the picture of what is occluded for each left view, None where there are none.

    They lie as the views do, or all in one folder, numbered in the order of the views.
    """
    alike = [place / path.relative_to(frames) for path in left]
    if alike[0].is_file():
        check_twins(zip(left, alike, strict=True), "picture of occlusions")
        return alike
    numbered = sorted((place / split.upper() / "left").glob("*.png"))
    if not numbered:
        return [None] * len(left)
    if len(numbered) != len(left):
        raise InputError(
            f"{numbered[0].parent} holds {len(numbered)} pictures of occlusions for {len(left)} "
            "views: expected as many; they belong to the DispNet subset"
        )
    return numbered


def _is_negative(values: NDArray[np.float32]) -> bool:
    """Tell whether disparities are stored as negative numbers: some are, and none is positive."""
    known = values[np.isfinite(values)]
    return bool((known < 0).any() and not (known > 0).any())


def _read(
    views: Sequence[Path],
    *,
    disparity: Path,
    negative: bool,
    occlusion: Path | None,
    most: float | None,
    name: str,
) -> Sample:
    values = read_pfm(disparity)
    if values.ndim != 2:
        raise InputError(f"{disparity} is a picture of colours: expected gray, one disparity each")
    changed = _is_negative(values)
    if changed and not negative:
        warnings.warn(f"{disparity} holds negative disparities, the first file none", stacklevel=2)
    return stereo_sample(
        read_views(views),
        torch.from_numpy(-values if changed else values),
        occluded=None if occlusion is None else read_mask(occlusion),
        most=most,
        name=name,
    )
