"""How visible the grid of a picture is: its contrast, as far as the picture itself hides it not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from spectra.errors import ParameterError
from spectra.severity._observer import APERTURE, SUMMATION, observer
from spectra.severity._words import ZOOMS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

PIXELS_PER_DEGREE = 60.0  # of a picture at 100 %
LUMA = (0.2126, 0.7152, 0.0722)  # of linear sRGB (IEC 61966-2-1)
FLARE = 0.01  # of white, that a screen adds: without it a dark place has endless contrast
MASK_FROM = 1.0  # a mask that is just detected begins to hide
MASK_EXPONENT = 0.7  # of a mask, with which the threshold rises
# What the worst place has to reach, in units of "just detected by a practised eye". It makes the
# word for a picture's quality, as fitted once to one JOD of ColorVideoVDP: no detection threshold.
CRITERION = 4.1
LEAST_SIDE = 48  # pixels: smaller pictures are mostly border
TOO_SMALL = f"too small: a picture needs {LEAST_SIDE} pixels along each axis"


@dataclass(frozen=True, eq=False)
class Response:
    """What a grid does to the eye at one zoom.

    Attributes
    ----------
    value : float
        ``V``: the largest of the map.
    map : ndarray, shape (y, x)
        Response around each place, over the criterion.
    place : tuple of int
        (y, x) of the largest.
    detectable : bool
        Whether some smooth place, where nothing masks, responds with what is just detected.
    """

    value: float
    map: NDArray[np.float64]
    place: tuple[int, int]
    detectable: bool


@dataclass(frozen=True)
class Visibility:
    """How visible the grid of one picture is.

    Attributes
    ----------
    v1, v2, v4 : float or None
        ``V`` at 100, 200 and 400 %; 1 is the criterion of the words. None with a ``reason``.
    place : tuple of int or None
        (y, x) where it is seen most, at the least zoom where it reaches the criterion, else 400 %.
    detectable_zoom : int or None
        The least zoom at which it is just detected in a smooth place; None at none.
    chromatic : bool
        Whether the grid has more power in colour than in luma: chromatic grids are not judged.
    reason : str or None
        Why there is no number.
    """

    v1: float | None = None
    v2: float | None = None
    v4: float | None = None
    place: tuple[int, int] | None = None
    detectable_zoom: int | None = None
    chromatic: bool = False
    reason: str | None = None

    @property
    def values(self) -> tuple[float, float, float] | None:
        """``V`` at the three zooms; None where there is no number."""
        if self.v1 is None or self.v2 is None or self.v4 is None:
            return None
        return self.v1, self.v2, self.v4


def picture_visibility(picture: ArrayLike, reference: ArrayLike) -> Visibility:
    """Return how visible the grid of one picture is at zooms of 1, 2 and 4.

    Parameters
    ----------
    picture : array_like, shape (C, y, x)
        sRGB as encoded, 0 is black and 1 is white; one channel or three.
    reference : array_like, shape (C, y, x)
        The same picture without its grid.
    """
    picture, reference = _checked(picture, reference)
    chromatic = _is_chromatic(picture - reference)
    if min(picture.shape[1:]) < LEAST_SIDE:
        return Visibility(chromatic=chromatic, reason=TOO_SMALL)
    seen = {zoom: visibility(picture, reference, zoom=zoom) for zoom in ZOOMS}
    reached = [zoom for zoom in ZOOMS if seen[zoom].value >= 1]
    detected = [zoom for zoom in ZOOMS if seen[zoom].detectable]
    return Visibility(
        v1=seen[1].value,
        v2=seen[2].value,
        v4=seen[4].value,
        place=seen[min(reached, default=ZOOMS[-1])].place,
        detectable_zoom=min(detected, default=None),
        chromatic=chromatic,
    )


def visibility(picture: ArrayLike, reference: ArrayLike, *, zoom: float = 1) -> Response:
    """Return how visible the difference of two pictures is.

    The difference of luminance, as a contrast to the surroundings, passes the eye's sensitivity
    in octaves; each is divided by what the reference holds of the same octave at the same place;
    what is left is summed as the standard observer sums, centred on every place [1]_. The response
    is proportional to the difference in linear light.

    Parameters
    ----------
    picture : array_like, shape (C, y, x)
        sRGB as encoded, 0 is black and 1 is white; one channel or three.
    reference : array_like, shape (C, y, x)
        The picture without what is looked for.
    zoom : float
        How much it is enlarged: 60 / zoom pixels take a degree. Pixels have no edges of their own.

    Raises
    ------
    ParameterError
        If the pictures differ in shape, have neither one channel nor three, or the zoom is not
        above 0.

    References
    ----------
    .. [1] A. B. Watson & A. J. Ahumada, "A standard model for foveal detection of spatial
       contrast", Journal of Vision 5(9):6, 2005.

    Examples
    --------
    >>> grey = np.full((1, 64, 64), 0.5)
    >>> stripes = grey + 0.02 * np.sign(np.sin(np.pi * (np.arange(64) + 0.5) / 4))
    >>> bool(visibility(stripes, grey).value > 1), visibility(grey, grey).value
    (True, 0.0)
    """
    if not zoom > 0:
        raise ParameterError(f"zoom={zoom!r} enlarges nothing: expected a number above 0")
    picture, reference = _checked(picture, reference)
    per_degree = PIXELS_PER_DEGREE / zoom
    sides, border = picture.shape[1:], round(per_degree)
    shape = tuple(scipy.fft.next_fast_len(n + 2 * border, real=True) for n in sides)
    pads = [(border, whole - n - border) for whole, n in zip(shape, sides, strict=True)]
    with_grid, without = (
        np.pad(luminance(each), pads, mode="reflect") for each in (picture, reference)
    )
    eye = observer(shape, per_degree)

    def filtered(spectrum: NDArray[np.complex128], by: NDArray[np.float64]) -> NDArray[np.float64]:
        result: NDArray[np.float64] = scipy.fft.irfft2(spectrum * by, s=shape)
        return result

    def smoothed(values: NDArray[np.float64], by: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.maximum(filtered(scipy.fft.rfft2(values), by), 0.0)  # transforms round below 0

    around = smoothed(without, eye.around)
    grid = scipy.fft.rfft2((with_grid - without) / around)
    content = scipy.fft.rfft2(without / around - 1)
    response, strongest = np.zeros(shape), np.zeros(shape)
    for octave, local in zip(eye.octaves, eye.local, strict=True):
        mask = smoothed(filtered(content, octave) ** 2, local)  # power, so the exponent is halved
        response += filtered(grid, octave) / (1 + mask / MASK_FROM**2) ** (MASK_EXPONENT / 2)
        np.maximum(strongest, mask, out=strongest)
    summed = smoothed(np.abs(response) ** SUMMATION, eye.pool)
    area = 2 * np.pi * APERTURE**2 / SUMMATION  # square degrees of the pooling Gaussian
    inside = tuple(slice(border, border + n) for n in sides)
    found = ((area * summed) ** (1 / SUMMATION) / CRITERION)[inside]
    y, x = np.unravel_index(int(found.argmax()), found.shape)
    smooth = strongest[inside] < MASK_FROM**2
    return Response(
        value=float(found[y, x]),
        map=found,
        place=(int(y), int(x)),
        detectable=bool((found[smooth] * CRITERION >= 1).any()),
    )


def luminance(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the luminance of encoded sRGB (C, y, x) over that of white, flare included.

    Examples
    --------
    >>> luminance(np.array([0.0, 0.5, 1.0]).reshape(1, 1, 3)).round(4)
    array([[0.0099, 0.2218, 1.    ]])
    """
    encoded = np.clip(picture, 0.0, 1.0)
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    screen: NDArray[np.float64] = (_luma(linear) + FLARE) / (1 + FLARE)
    return screen


def _luma(channels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weighted sum of three channels, or the only one."""
    weights = (1.0,) if len(channels) == 1 else LUMA
    weighted: NDArray[np.float64] = np.tensordot(weights, channels, axes=1)
    return weighted


def _is_chromatic(grid: NDArray[np.float64]) -> bool:
    """Tell whether a difference has more power beside its grey part than in it."""
    grey = _luma(grid)
    return bool(((grid - grey) ** 2).sum() > len(grid) * (grey**2).sum())


def _checked(
    picture: ArrayLike, reference: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two pictures as float64 arrays of one shape."""
    seen, clean = np.asarray(picture, float), np.asarray(reference, float)
    if seen.ndim != 3 or len(seen) not in (1, 3) or seen.shape != clean.shape:
        raise ParameterError(
            f"pictures of shape {seen.shape} and {clean.shape} cannot be compared: expected "
            "twice the same (C, y, x) of one channel or three"
        )
    return seen, clean
