"""The figures of one result or of several side by side, each with its caption."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Protocol

import xarray as xr
from matplotlib.figure import Figure

from spectra._asked import FIGURES, check_asked
from spectra.errors import ParameterError
from spectra.plot._attack_figure import attack_figure, is_attacked
from spectra.plot._by_recipe import by_recipe
from spectra.plot._captions import caption_of
from spectra.plot._drawing import Drawing, Look
from spectra.plot._figures import (
    COLUMNS,
    columns_of,
    crop_of_run,
    spectrogram_of_run,
    strip_figure,
    worst_figure,
)
from spectra.plot._kernel_figure import kernels_figure
from spectra.plot._labels import shorten
from spectra.plot._layers_figure import Layers, layer_curves, layers_figure
from spectra.plot._panels import has, share_y
from spectra.plot._profiles import (
    draw_profiles,
    legend_below,
    own_legend_below,
    profile_height,
    profiles_figure,
)
from spectra.plot._slices_figure import slices_figure
from spectra.plot._styles import WIDTHS, Style, inches, letters, small, styled
from spectra.plot._where import where_figure

if TYPE_CHECKING:
    from spectra.plot._panels import Rows

OF_SPECTRA = ("strip", "worst", "slices")  # what a recipe may change
APART = ("where", "crop", "kernels", "spectrogram")  # drawn of each result by itself
LAYERS_RECIPE = "park-kim2022"


class Subject(Protocol):
    """One result to draw.

    Attributes
    ----------
    label : str
        What it is called beside others.
    tree : DataTree
        What ``spectra.nc`` holds.
    rows : sequence of (group, label)
        Its places in the order of the model.
    worst : str
        Group of the worst step, or of the output.
    attack : str
        The attack on inputs that it holds, as text; empty without one.
    upsampling : frozenset of str
        Names of the modules that upsample.
    inputs : str
        How many inputs there were, in words.
    """

    @property
    def label(self) -> str: ...
    @property
    def tree(self) -> xr.DataTree: ...
    @property
    def rows(self) -> Rows: ...
    @property
    def worst(self) -> str: ...
    @property
    def attack(self) -> str: ...
    @property
    def upsampling(self) -> frozenset[str]: ...
    @property
    def inputs(self) -> str: ...


@dataclass(frozen=True)
class Drawable:
    """A `Subject` whose tree may be by another recipe."""

    label: str
    tree: xr.DataTree
    rows: Rows
    worst: str
    attack: str
    upsampling: frozenset[str]
    inputs: str

    @classmethod
    def of(cls, subject: Subject) -> Drawable:
        """Return a subject as it is drawn."""
        return cls(**{field.name: getattr(subject, field.name) for field in fields(cls)})

    def without_layers(self) -> Drawable:
        """Return it with inputs, steps and output alone, which results have in common."""
        rows = [(path, label) for path, label in self.rows if not path.startswith("layers/")]
        return replace(self, rows=rows)

    @property
    def kernels(self) -> list[tuple[xr.Dataset, str]]:
        """What is known of the kernels of steps, with the labels of these."""
        known = "kernels" in self.tree.children
        numbers = {f"steps/{n}": n for n in self.tree["kernels"].children} if known else {}
        return [
            (self.tree[f"kernels/{numbers[path]}"].to_dataset(), label)
            for path, label in self.rows
            if path in numbers
        ]


def draw_results(
    subjects: Sequence[Subject],
    figures: Sequence[str] = (),
    *,
    recipe: str | None = None,
    style: Style | None = None,
    width: float | None = None,
    dpi: int = 150,
) -> tuple[Drawing, ...]:
    """Return figures of results, those of several side by side in one scale.

    Parameters
    ----------
    subjects : sequence of Subject
        At least one. Of several, figures of spectra show inputs, steps and output only; ``layers``
        shows what else was measured.
    figures : sequence of str
        Some of `FIGURES`; none stands for all that every result can draw, by a recipe of a paper
        those that it changes.
    recipe : str, optional
        How the spectra of ``strip``, ``worst`` and ``slices`` are made, ``"spectra"`` by default;
        ``layers`` is always by ``park-kim2022``.
    style : {"paper", "slides", "dark"}, optional
        How they look; without one as matplotlib is set, with notes under each figure on how it was
        made, which captions say in any case.
    width : float, optional
        Of each figure in inches; by default that of the style, without one that of its panels.
    dpi : int
        Pixels per inch that figures will be saved with.

    Raises
    ------
    ParameterError
        If a figure or a recipe is not known, or was asked for and cannot be drawn of a result.
    """
    check_asked(figures, recipe)
    results = [Drawable.of(subject) for subject in subjects]
    if len(results) > 1:
        results = [one.without_layers() for one in results]
    chosen = figures or (FIGURES if recipe in (None, "spectra") else (*OF_SPECTRA, "layers"))
    why = {name: _why_not(results, name, recipe) for name in chosen}
    refused = next((reason for reason in why.values() if reason), None)
    if refused and (figures or all(why.values())):
        raise ParameterError(refused)
    names = [name for name, reason in why.items() if reason is None]
    if style is not None and width is None:
        width = WIDTHS[style]
    look = Look(style, width=width, dpi=dpi)
    with styled(style):
        return tuple(one for name in names for one in _drawn(results, name, recipe, look))


def _drawn(
    results: Sequence[Drawable], name: str, recipe: str | None, look: Look
) -> Iterator[Drawing]:
    """Yield the figure of a name; of what stands apart one of each result."""
    by = recipe if name in OF_SPECTRA and recipe else "spectra"
    shown = [replace(one, tree=by_recipe(one.tree, by)) for one in results]
    several = name in APART and len(shown) > 1
    for number, group in enumerate([[one] for one in shown] if several else [shown], start=1):
        figure = _DRAW[name](group, look)
        if name != "where":  # which knows how many of its pixels an inch holds
            figure.set_dpi(look.dpi)
        figure.draw_without_rendering()  # ticks take their colour when they are first drawn
        title = f"{name}-{number}" if several else name
        yield Drawing(title, figure, caption_of(name, group, by), look.style)


def _why_not(results: Sequence[Drawable], name: str, recipe: str | None) -> str | None:
    """Return why a figure cannot be drawn of all results and what helps; None where it can."""
    for one in results:
        reason = _lacking(one, name, recipe)
        if reason is not None:
            return f"figure {name!r} cannot be drawn of {one.label}: {reason}"
    return None


def _lacking(one: Drawable, name: str, recipe: str | None) -> str | None:
    variable = "azimuthal_power" if name == "profiles" else "mean_log_spectrum"
    groups = one.tree.children
    if name in OF_SPECTRA or name == "profiles":
        if not any(has(one.tree, path, variable) for path, _ in one.rows):
            return "nothing was measured: give spectra analyze inputs"
        by = by_recipe(one.tree, recipe or "spectra") if name in OF_SPECTRA else one.tree
        if not any(has(by, path, variable) for path, _ in one.rows):
            return f"it keeps nothing for recipe {recipe!r}: spectra analyze --layers '*' does"
        if name == "worst" and not has(by, one.worst, variable):
            return "its worst step, or its output, was not measured"
    if name == "where" and "where" not in groups:
        return "no output shows a grid"
    if name == "crop" and not {"where", "crop"} & set(groups):
        return "it holds no output: give spectra analyze inputs"
    if name == "spectrogram" and "sound" not in groups:
        return "it holds no sound: run spectra analyze with --sample-rate, or with --probe silence"
    if name == "kernels" and not one.kernels:
        return "it holds no kernel of a step; of what is older, run spectra analyze again"
    if name == "attack" and not is_attacked(one.tree):
        return "it holds no attacked inputs: run spectra analyze with --attack pgd"
    if name == "layers":
        if recipe not in (None, LAYERS_RECIPE):
            return f"it is drawn by recipe {LAYERS_RECIPE!r}, not by {recipe!r}"
        if not layer_curves(one.tree):
            return "it holds no layers of images: run spectra analyze with --layers '*'"
    return None


def _merged(shown: Sequence[Drawable], width: float | None = None) -> tuple[xr.DataTree, Rows, int]:
    """Return the groups of several results in one tree, in which order, and how many in a line.

    A line for each result where all places fit into one; else the same place of all results stands
    side by side, and as many places in a line as fit.
    """
    groups = {
        f"{i}/{path}": one.tree[path].to_dataset()
        for i, one in enumerate(shown)
        for path, _ in one.rows
        if f"/{path}" in one.tree.groups
    }
    # the output is last of all, whatever steps only some of the results have
    paths = dict.fromkeys(path for one in shown for path, _ in one.rows if path != "output")
    drawn = [
        path
        for path in (*paths, "output")
        if any(has(one.tree, path, "mean_log_spectrum") for one in shown)
    ]
    rows = [
        [(f"{i}/{path}", f"{one.label}: {dict(one.rows).get(path)}") for path in drawn]
        for i, one in enumerate(shown)
    ]
    fit = columns_of(COLUMNS * len(drawn), width)
    tree = xr.DataTree.from_dict(groups)
    if len(drawn) <= fit:
        return tree, [row for line in rows for row in line], len(drawn)
    beside = [row for place in zip(*rows, strict=True) for row in place]
    return tree, beside, len(shown) * max(fit // len(shown), 1)


def _strip(shown: Sequence[Drawable], look: Look) -> Figure:
    if len(shown) == 1:
        return strip_figure(shown[0].tree, shown[0].rows, width=look.width, notes=look.notes)
    tree, rows, columns = _merged(shown, look.width)
    return strip_figure(tree, rows, columns=columns, width=look.width, notes=look.notes)


def _slices(shown: Sequence[Drawable], look: Look) -> Figure:
    if len(shown) == 1:
        return slices_figure(shown[0].tree, shown[0].rows, width=look.width, notes=look.notes)
    tree, rows, columns = _merged(shown, look.width)
    return slices_figure(tree, rows, columns=columns, width=look.width, notes=look.notes)


def _worst(shown: Sequence[Drawable], look: Look) -> Figure:
    if len(shown) == 1:
        one = shown[0]
        return worst_figure(one.tree, one.rows, one.worst, width=look.width, notes=look.notes)
    tree, rows, _columns = _merged(shown)
    chosen = [f"{i}/{one.worst}" for i, one in enumerate(shown)]
    return worst_figure(tree, rows, chosen, width=look.width, notes=look.notes)


def _profiles(shown: Sequence[Drawable], look: Look) -> Figure:
    if len(shown) == 1:
        return profiles_figure(shown[0].tree, shown[0].rows, width=look.width, notes=look.notes)
    side = look.width or 4.2 * len(shown)
    most = max((one.rows for one in shown), key=len)
    alike = len({tuple(label for _, label in one.rows) for one in shown}) == 1
    figure = Figure(
        figsize=(
            side,
            profile_height(most, 0.7 * side) + inches(0.1 if alike else 0.2) * len(most),
        ),
        layout="constrained",
    )
    panels = figure.subplots(1, len(shown), squeeze=False)[0]
    for one, ax in zip(shown, panels, strict=True):
        draw_profiles(one.tree, one.rows, ax=ax)
        ax.set_title(shorten(one.label, letters(side / len(shown))), fontsize=small() + 1)
        ax.set_ylabel(ax.get_ylabel() if ax is panels[0] else "")
        ax.tick_params(labelleft=ax is panels[0])
    share_y(list(panels))
    if alike:
        legend_below(figure, panels[0])
    else:  # lines of one colour are other steps in each
        for ax in panels:
            own_legend_below(ax, letters(side / len(shown)) - 9)
    return figure


def _layers(shown: Sequence[Drawable], look: Look) -> Figure:
    several = len(shown) > 1
    models = [
        Layers(one.label if several else "", layer_curves(one.tree), one.upsampling)
        for one in shown
    ]
    return layers_figure(models, width=look.width)


_DRAW: dict[str, Callable[[Sequence[Drawable], Look], Figure]] = {
    "strip": _strip,
    "profiles": _profiles,
    "worst": _worst,
    "slices": _slices,
    "where": lambda shown, look: where_figure(
        shown[0].tree["where"].to_dataset(), dpi=look.dpi, width=look.width, notes=look.notes
    ),
    "crop": lambda shown, look: crop_of_run(shown[0].tree, width=look.width, notes=look.notes),
    "spectrogram": lambda shown, look: spectrogram_of_run(
        shown[0].tree, shown[0].rows, width=look.width, notes=look.notes
    ),
    "kernels": lambda shown, look: kernels_figure(shown[0].kernels, width=look.width),
    "layers": _layers,
    "attack": lambda shown, look: attack_figure(
        [(one.tree, one.label) for one in shown], width=look.width
    ),
}
