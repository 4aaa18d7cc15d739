"""What stands under a figure in a paper: what is drawn, how it was made, from how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from spectra._names import place
from spectra.plot._amplified import Display, display
from spectra.plot._crop import shown_between
from spectra.plot._figures import cropped
from spectra.plot._kernel_figure import sides_of
from spectra.plot._layers_figure import layer_curves
from spectra.plot._panels import drawn_plane, has, made, unit_label, with_variable
from spectra.plot._spectrum import limits
from spectra.plot._where import note_of

if TYPE_CHECKING:
    import xarray as xr

    from spectra.plot._results import Drawable

RINGS = (
    "Rings mark the lattice: the frequencies k/s, of an output k over the period of a step's grid "
    "in it, at which upsampling by s leaves replicas of its input"
)
DOTTED = RINGS.replace("Rings mark", "Dotted lines mark")
NUMBERS = (
    "the number above each panel says how far its highest lattice point stands over the spectrum "
    "around it"
)


def caption_of(name: str, shown: Sequence[Drawable], recipe: str) -> str:
    """Return what stands under a figure, in whole sentences on one line.

    Parameters
    ----------
    name : str
        Which figure it is.
    shown : sequence of Drawable
        What is drawn, with spectra by ``recipe``.
    """
    sentences = [sentence for sentence in _SENTENCES[name](shown, recipe) if sentence]
    text = " ".join(f"{s[:1].upper()}{s[1:].rstrip('.')}." for s in sentences)
    return text.replace(r"\$", "$")  # labels are written for matplotlib


def _strip(shown: Sequence[Drawable], recipe: str) -> list[str]:
    low, high = limits([drawn_plane(data) for data in _drawn(shown)])
    numbers = f"; {NUMBERS}" if recipe == "spectra" else ""
    return [
        f"Mean spectra of {_places(shown)}",
        f"All in one scale: {_scale(shown, low, high)}",
        _how(shown, recipe),
        f"{RINGS}{numbers}",
        _frequencies(shown, plane=True),
    ]


def _profiles(shown: Sequence[Drawable], _: str) -> list[str]:
    signals = _axes(shown) == 1
    return [
        f"{'Mean power' if signals else 'Azimuthal mean of the power spectra'} of {_places(shown)}",
        _how(shown, "spectra", mean="mean power"),
        "" if signals else "Isolated peaks average out over the angle",
        _frequencies(shown, plane=False),
    ]


def _worst(shown: Sequence[Drawable], recipe: str) -> list[str]:
    named = "; ".join(f"{dict(one.rows)[one.worst]}{_of(one, shown)}" for one in shown)
    slices = ", and its slices along each axis and the diagonal" if _axes(shown) > 1 else ""
    return [
        f"Mean spectrum of {named}{slices}",
        _how(shown, recipe, only_worst=True),
        f"{RINGS}, with the power that is locked to the sampling grid in dBc, over all other "
        "power, the strongest first: a ring without a label had no room for one",
        _frequencies(shown, plane=True),
    ]


def _slices(shown: Sequence[Drawable], recipe: str) -> list[str]:
    return [
        f"Slices of the mean spectra of {_places(shown)}",
        f"In {unit_label(_drawn(shown)[0])}, all in one scale",
        _how(shown, recipe),
        DOTTED,
        f"{_frequencies(shown, plane=False)}, on the diagonal that along each axis",
    ]


def _where(shown: Sequence[Drawable], _: str) -> list[str]:
    data = shown[0].tree["where"].to_dataset()
    scale, unit = _display(data), place(data["heat"].ndim)
    return [
        "First the output as it is, then the same with its grid-locked part "
        f"{scale.amplified.lower()}, last where that part stands out ({scale.unit}, RMS around "
        f"each {unit})",
        note_of(data, scale),
        f"The strongest {unit} of the grid is really {scale.really}",
        f"Output of {_given(shown)}",
    ]


def _crop(shown: Sequence[Drawable], _: str) -> list[str]:
    data, where = cropped(shown[0].tree)
    scale = _display(data)
    return [
        f"A crop of an output ({where}), the same with its grid-locked part "
        f"{scale.amplified.lower()}, and that part alone",
        f"Really it is at most {scale.really}; {shown_between(scale)}",
        f"Output of {_given(shown)}",
    ]


def _spectrogram(shown: Sequence[Drawable], _: str) -> list[str]:
    data = shown[0].tree["sound"].to_dataset()
    named = {"output_db": f"an output of {_given(shown)}", "constant_db": "the output under "}
    drawn = [
        f"{text}{data.attrs.get('constant', '') * (name == 'constant_db')}"
        for name, text in named.items()
        if name in data
    ]
    return [
        f"Spectrogram of {' and of '.join(drawn)}, {data.attrs['window']}",
        "Power in dB over that of a sine of amplitude 1",
        "Marks at both ends are the first lines of each step: the multiples of the output's sample "
        "rate over the period of its grid, without those of the steps behind it",
    ]


def _kernels(shown: Sequence[Drawable], _: str) -> list[str]:
    kernels = shown[0].kernels
    axes = len(sides_of(kernels[0][0], "stride"))
    shares = [d.attrs["shape_share"] for d, _ in kernels if "shape_share" in d.attrs]
    held = f", which holds {_range([100 * s for s in shares])} % of the energy" if shares else ""
    return [
        f"Upsampling kernels of {', '.join(label for _, label in kernels)}",
        f"Left the taps along one axis through the largest, of the spatial shape that most channel "
        f"pairs share{held}, beside the ideal sinc",
        "Right the power response along that axis over its value at DC, mean over channel pairs, "
        "beside linear interpolation by the same factor and the ideal low-pass; dotted: the "
        "replicas of DC",
        f"Frequencies in cycles/{place(axes)} of the output; no data is involved",
    ]


def _layers(shown: Sequence[Drawable], _: str) -> list[str]:
    curves = [curve for one in shown for _, curve in layer_curves(one.tree)]
    maps = _range([curve.attrs["n"] for curve in curves])
    last = _range([2 * float(curve["diagonal_f"][-1]) for curve in curves], ".2f")
    counts = "; ".join(f"{len(layer_curves(one.tree))} layers{_of(one, shown)}" for one in shown)
    return [
        f"Relative log amplitude of feature maps over depth, recipe park-kim2022: {counts}",
        "First one curve a layer: natural logarithm of the magnitude (plus 1e-6) of the "
        "two-dimensional DFT without window or normalisation, averaged over maps, along the "
        "diagonal, minus its value at DC; frequency in units of rad/pixel along each axis",
        f"Then the last point of each curve, at {last}π, over normalised depth; squares are "
        "layers that upsample",
        f"From n = {maps} maps of {_given(shown)}; a layer that returns what the one before does "
        "is drawn once",
    ]


def _attack(shown: Sequence[Drawable], _: str) -> list[str]:
    specs = "; ".join(dict.fromkeys(one.attack for one in shown))
    data = [
        one.tree[path].to_dataset()
        for one in shown
        for path in ("output", "attacked/output", "attacked/change")
        if has(one.tree, path, "mean_log_spectrum")
    ]
    labels = f" of {', '.join(one.label for one in shown)}, from top to bottom" if shown[1:] else ""
    low, high = limits([drawn_plane(each) for each in data])
    return [
        f"Outputs{labels} of clean inputs and of inputs attacked by {specs}: one output both ways, "
        "the mean spectra of all, and that of their change, attacked minus clean",
        f"Recipe spectra: {made(data)} of {_given(shown)}",
        f"All in one scale, {unit_label(data[0])}, from {low:.1f} to {high:.1f}".replace("-", "−"),
        f"{RINGS}; {NUMBERS}",
    ]


_SENTENCES = {
    "attack": _attack,
    "strip": _strip,
    "profiles": _profiles,
    "worst": _worst,
    "slices": _slices,
    "where": _where,
    "crop": _crop,
    "kernels": _kernels,
    "spectrogram": _spectrogram,
    "layers": _layers,
}


def _drawn(shown: Sequence[Drawable], *, only_worst: bool = False) -> list[xr.Dataset]:
    rows = [[(one.worst, "")] if only_worst else one.rows for one in shown]
    pairs = [
        with_variable(o.tree, r, "mean_log_spectrum") for o, r in zip(shown, rows, strict=True)
    ]
    return [data for each in pairs for data, _ in each]


def _places(shown: Sequence[Drawable]) -> str:
    """Return what is drawn of each result."""
    each = []
    for one in shown:
        labels = [label for _, label in with_variable(one.tree, one.rows, "mean_log_spectrum")]
        *first, last = labels
        each.append((f"{', '.join(first)} and {last}" if first else last) + _of(one, shown))
    return "; ".join(each)


def _of(one: Drawable, shown: Sequence[Drawable]) -> str:
    return f" of {one.label}" if len(shown) > 1 else ""


def _how(
    shown: Sequence[Drawable], recipe: str, mean: str | None = None, *, only_worst: bool = False
) -> str:
    """Return recipe, window, units, average and how many maps of how many inputs."""
    data = _drawn(shown, only_worst=only_worst)
    if recipe == "spectra":
        how = made(data, mean) if mean else made(data)
        return f"Recipe spectra: {how} of {_given(shown)}"
    planes = [one["mean_log_spectrum"] for one in data]
    one, counts = planes[0].attrs, _range([plane.attrs["n"] for plane in planes])
    sizes = {f"{p.sizes['fy']} x {p.sizes['fx']} pixels" for p in planes}
    caption = str(one["caption"]).replace(f"of {one['n']} maps", "of the maps")
    for size in sizes:
        caption = caption.replace(f" of {size}", "")
    return f"Recipe {recipe}: {caption.rstrip('.')}; n = {counts} maps of {_given(shown)}"


def _given(shown: Sequence[Drawable]) -> str:
    return "; ".join(dict.fromkeys(f"{one.inputs}{_of(one, shown)}" for one in shown))


def _scale(shown: Sequence[Drawable], low: float, high: float) -> str:
    return f"{unit_label(_drawn(shown)[0])}, from {low:.1f} to {high:.1f}".replace("-", "−")


def _axes(shown: Sequence[Drawable]) -> int:
    return max(data["mean_log_spectrum"].ndim for data in _drawn(shown))


def _frequencies(shown: Sequence[Drawable], *, plane: bool) -> str:
    axes = _axes(shown)
    cut = "; of volumes the plane fz = 0 is drawn" if axes == 3 else ""
    centre = ", DC in the centre and left out" if plane and axes > 1 else ", DC left out"
    return f"Frequencies in cycles/{place(axes)} of each map's own grid{centre}{cut}"


def _range(values: Sequence[float], spec: str = ".0f") -> str:
    low, high = format(min(values), spec), format(max(values), spec)
    return low if low == high else f"{low} to {high}"


def _display(data: xr.Dataset) -> Display:
    return display(
        data["output"], data["grid"], limits=data.attrs.get("limits"), shown=data.attrs["shown"]
    )
