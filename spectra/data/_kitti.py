"""KITTI stereo 2012 [1]_ and 2015 [2]_: views from a car, sparse disparities of a laser scanner.

.. [1] A. Geiger, P. Lenz, R. Urtasun, *Are we ready for Autonomous Driving?*, CVPR 2012.
.. [2] M. Menze, A. Geiger, *Object Scene Flow for Autonomous Vehicles*, CVPR 2015.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Literal

from spectra.data._folders import check_choice, check_twins, first_folder, folder
from spectra.data._reading import read_kitti
from spectra.data._sample import Sample
from spectra.data._sample_set import SampleSet
from spectra.data._stereo import check_maximum, read_views, stereo_sample
from spectra.errors import InputError

# left and right view, disparities of all pixels, and of those alone that both views show
LAYOUTS = {
    2012: ("colored_0", "colored_1", "disp_occ", "disp_noc"),
    2015: ("image_2", "image_3", "disp_occ_0", "disp_noc_0"),
}


def kitti_stereo(
    root: str | Path, year: Literal[2012, 2015] = 2015, *, max_disparity: float | None = None
) -> SampleSet:
    """Return the pairs of views of KITTI's training part with the left view's disparities.

    There is no truth of the testing part; ``.only(range(160))`` takes a part of this one.

    Parameters
    ----------
    root : path
        The folder that holds ``training``, or one that holds ``Kitti2012`` or ``Kitti2015``.
    year : {2012, 2015}
        194 or 200 pairs; frames ``*_10.png``, the only ones with disparities.
    max_disparity : float, optional
        Leave out larger disparities, in pixels.

    Returns
    -------
    SampleSet
        The mask is where a disparity is known; occluded are pixels that stand in ``disp_occ``
        and not in ``disp_noc``, where there is such a folder.

    Raises
    ------
    InputError
        If the folder has another layout, holds no pair, or a picture without its twin.
    ParameterError
        If an option has no such value.
    """
    check_choice("year", year, LAYOUTS)
    check_maximum(max_disparity)
    what = f"KITTI stereo {year}"
    base = folder(root, f"the folder of {what}, which holds training")
    base = base / f"Kitti{year}" if (base / f"Kitti{year}").is_dir() else base
    base = first_folder(base, ["training"], what)
    left, right, all_pixels = (first_folder(base, [name], what) for name in LAYOUTS[year][:3])
    seen_by_both = base / LAYOUTS[year][3]
    names = sorted(path.name for path in left.glob("*_10.png"))
    if not names:
        raise InputError(f"{left} holds no picture: expected {left}/*_10.png")
    for twin, called in ((right, "right view"), (all_pixels, "disparity")):
        check_twins([(left / name, twin / name) for name in names], called)
    if seen_by_both.is_dir():
        check_twins([(left / name, seen_by_both / name) for name in names], "disparity")
    readers = tuple(
        partial(
            _read,
            views=(left / name, right / name),
            disparity=all_pixels / name,
            seen_by_both=seen_by_both / name if seen_by_both.is_dir() else None,
            most=max_disparity,
        )
        for name in names
    )
    return SampleSet(what, "disparity", readers)


def _read(
    views: tuple[Path, Path], disparity: Path, seen_by_both: Path | None, most: float | None
) -> Sample:
    values = read_kitti(disparity)
    hidden = None
    if seen_by_both is not None:
        both = read_kitti(seen_by_both)
        if both.shape != values.shape:
            raise InputError(f"{seen_by_both} and {disparity} differ in size: expected one")
        hidden = (values > 0) & (both == 0)
    return stereo_sample(read_views(views), values, occluded=hidden, most=most, name=disparity.stem)
