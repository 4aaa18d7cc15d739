"""Which figures and recipes may be asked for, known before anything that draws is imported."""

from collections.abc import Sequence

from spectra.errors import ParameterError

FIGURES = (
    "strip",
    "profiles",
    "worst",
    "slices",
    "where",
    "crop",
    "spectrogram",
    "kernels",
    "layers",
    "attack",
)
RECIPES = ("spectra", "agnihotri2024", "park-kim2022")  # those that a spectra.nc can hold
_MISSING = {
    "stylegan3": "power through a Kaiser window of maps whitened by mean and deviation of all",
    "durall2020": "the rings of each picture in gray, scaled to 0..1",
    "schwarz2021": "the spread over pictures of unwindowed power in rings up to the corner",
    "frank2020": "discrete cosine transforms",
}
_FROM_MAPS = ("stylegan3", "durall2020")  # recipes of `spectra.spectrum.mean_log_spectrum`


def check_asked(figures: Sequence[str], recipe: str | None) -> None:
    """Raise ParameterError for a figure or a recipe that no result can be drawn with."""
    for name in figures:
        if name not in FIGURES:
            raise ParameterError(f"figure {name!r}: expected some of {', '.join(FIGURES)}")
    if recipe in _MISSING:
        message = f"recipe={recipe!r} needs {_MISSING[recipe]}, which no spectra.nc holds"
        if recipe in _FROM_MAPS:
            message += f": spectra.spectrum.mean_log_spectrum(maps, recipe={recipe!r}) takes maps"
        raise ParameterError(message)
    if recipe is not None and recipe not in RECIPES:
        raise ParameterError(f"recipe={recipe!r}: expected one of {', '.join(RECIPES)}")
