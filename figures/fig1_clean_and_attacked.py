r"""Figure 1 of the paper: outputs of three networks, clean and attacked, and their 2-D spectra.

    python figures/fig1_clean_and_attacked.py [--out FILE.png]
    python figures/fig1_clean_and_attacked.py --images blur/ --targets sharp/ \
        --arch spectra.models:nafnet_width32 --model 'Pixel Shuffle=ps.pth' \
        --model 'LCTC=lctc.pth' --arch-arg upsampler=lctc11+3

A row for each network: its output for a clean picture, for the same picture under five steps of
PGD, and the mean spectra of its outputs for all pictures, clean and attacked, all in one scale.
Rings mark where upsampling leaves replicas; the number above a spectrum says how far the highest
of them stands over what surrounds it. By default three small networks are trained first, a minute
of a core each, and kept. Same networks, same pictures: same bytes.
"""

from typing import NamedTuple

import numpy as np
import torch
import xarray as xr
from _asked import Picture, box_of, networks, parser, pictures, write
from _panels import SMALL, Box, draw_picture, quality
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor, nn

from spectra import Options, capture
from spectra.attack import AttackSpec
from spectra.plot import plot_spectrum
from spectra.plot._labels import point, signed
from spectra.plot._spectrum import limits
from spectra.score._prominence import prominence_db
from spectra.spectrum import mean_log_spectrum
from spectra.spectrum._lattice import lattice_points
from spectra.study import Restored, restored

ATTACK = "pgd:eps=8/255,alpha=0.01,steps=5,loss=psnr"
TILE = 128  # pixels of a side of the squares whose spectra are averaged
STATES = ("clean", "attacked")


class Row(NamedTuple):
    """What stands in the row of one network.

    Attributes
    ----------
    shown : Restored
        What it makes of the picture that is shown.
    spectra : dict of str to DataArray
        Mean spectra of its outputs for all pictures, ``clean`` and ``attacked``.
    lattice : ndarray, shape (point, 2)
        Frequencies of replicas in the output, in cycles/pixel, one of each mirrored pair.
    """

    shown: Restored
    spectra: dict[str, xr.DataArray]
    lattice: NDArray[np.float64]


def row(model: nn.Module, given: list[Picture], spec: AttackSpec, *, recipe: str) -> Row:
    """Run a network on all pictures, clean and attacked; the first one is shown."""
    made = [
        restored(model, picture.input, spec, target=picture.target, number=number)
        for number, picture in enumerate(given)
    ]
    spectra = {
        state: spectrum([getattr(one, state) for one in made], recipe=recipe) for state in STATES
    }
    return Row(made[0], spectra, lattice(model, given[0].input))


def spectrum(outputs: list[Tensor], *, recipe: str) -> xr.DataArray:
    """Return the mean spectrum of all whole squares of ``TILE`` pixels in some outputs."""
    side = min(TILE, *(n for output in outputs for n in output.shape[-2:]))
    tiles = [
        output.unfold(1, side, side).unfold(2, side, side).reshape(-1, side, side)
        for output in outputs
    ]
    return mean_log_spectrum(torch.cat(tiles), recipe=recipe)  # type: ignore[arg-type]


def lattice(model: nn.Module, example: Tensor) -> NDArray[np.float64]:
    """Return where the steps of a network leave replicas in its output; none where unknown."""
    found = capture.find_steps(model, example[None], Options(), progress=lambda *_: None)
    periods = found.output_periods
    replicas = lattice_points(*periods) if periods else ()
    return np.array([[float(f) for f in one.frequency] for one in replicas]).reshape(-1, 2)


def height(mean: xr.DataArray, points: NDArray[np.float64]) -> str:
    """Return how far the highest of some points stands over its surroundings, and where."""
    over = prominence_db(mean, points)
    if not np.isfinite(over).any():
        return ""
    highest = int(np.nanargmax(over))
    fy, fx = points[highest]
    return f"{signed(over[highest], 'dB')} at ({point([fx])}, {point([fy])})"


def draw(
    models: dict[str, nn.Module],
    given: list[Picture],
    *,
    box: Box | None = None,
    attack: str = ATTACK,
    recipe: str = "spectra",
) -> Figure:
    """Return the figure.

    Parameters
    ----------
    models : dict of str to Module
        Networks by their labels.
    given : list of Picture
        All pictures, of which the first is shown.
    box : Box, optional
        What of it is enlarged; by default its middle.
    attack : str
        What attacks the pictures.
    recipe : str
        Of the spectra, see `spectra.spectrum.mean_log_spectrum`.
    """
    spec = AttackSpec.parse(attack)
    rows = {label: row(model, given, spec, recipe=recipe) for label, model in models.items()}
    spectra = [found.spectra[state] for found in rows.values() for state in STATES]
    low, high = limits(spectra)
    figure = Figure(figsize=(6.75, 1.62 * len(rows) + 0.8), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.03)  # type: ignore[union-attr]
    panels = figure.subplots(len(rows), 2 * len(STATES), squeeze=False)
    for number, (label, found) in enumerate(rows.items()):
        line, last = panels[number], number == len(rows) - 1
        for ax, state in zip(line[:2], STATES, strict=True):
            draw_picture(ax, getattr(found.shown, state), box, square=True)
            ax.set_xlabel(quality(found.shown, given[0].target, state), fontsize=SMALL, labelpad=2)
        for ax, state in zip(line[2:], STATES, strict=True):
            mean = found.spectra[state]
            image = plot_spectrum(mean, ax=ax, lattice=found.lattice, vmin=low, vmax=high)
            _smaller_rings(ax)
            ax.set_title(height(mean, found.lattice), fontsize=SMALL, pad=4)
            _label_frequencies(ax, below=last, beside=state == STATES[0])
        line[0].set_ylabel(label, fontsize=SMALL + 1)
    titles = ("output, clean", f"output, {spec.steps}-step {spec.method.upper()}")
    titles += ("2-D spectrum, clean", "2-D spectrum, attacked")
    for ax, title in zip(panels[0], titles, strict=True):
        ax.set_title(f"{title}\n{ax.get_title()}", fontsize=SMALL + 1, pad=4)
    bar = figure.colorbar(image, ax=panels[:, 2:], extend="both", aspect=40, shrink=0.8, pad=0.02)
    bar.set_label(f"mean spectrum ({spectra[0].attrs['units']})", fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)
    figure.supxlabel(note(spec, spectra[0], given), fontsize=SMALL)
    return figure


def note(spec: AttackSpec, mean: xr.DataArray, given: list[Picture]) -> str:
    """Return what stands under the figure."""
    side, said = mean.sizes["fx"], mean.attrs
    return (
        f"Attack: {spec}. Under pictures: PSNR. Spectra: recipe {said['recipe']}, window "
        f"{said['window']},\nmean of {said['n']} maps, the squares of {side}×{side} pixels in each "
        f"channel of {len(given)} picture{'s'[: len(given) > 1]}. Rings: replicas that upsampling\n"
        "leaves; the number above says how far the highest stands over its surroundings, and where."
    )


def _smaller_rings(ax: Axes) -> None:
    """Leave what is within the rings to be seen in a panel of an inch and a half."""
    for rings in ax.findobj(lambda artist: artist.get_gid() == "lattice"):
        rings.set(sizes=[14], linewidths=0.7, path_effects=[])  # type: ignore[call-arg]


def _label_frequencies(ax: Axes, *, below: bool, beside: bool) -> None:
    """Leave frequencies at the outer panels alone."""
    ticks = (-0.5, 0, 0.5)
    labels = [point([f]) for f in ticks]
    ax.set_xticks(ticks, labels=labels if below else [], fontsize=SMALL)
    ax.set_yticks(ticks, labels=labels if beside else [], fontsize=SMALL)
    ax.set_xlabel("fx (cycles/pixel)" if below else "", fontsize=SMALL)
    ax.set_ylabel("fy (cycles/pixel)" if beside else "", fontsize=SMALL, labelpad=-2)


def main() -> None:
    """Write the figure."""
    options = parser(__doc__, out="fig1_clean_and_attacked.png", attack=ATTACK)
    options.add_argument("--recipe", default="spectra", help="of the spectra [%(default)s]")
    asked = options.parse_args()

    def drawn() -> Figure:
        models = networks(asked)
        given = pictures(asked, next(iter(models.values())))
        return draw(models, given, box=box_of(asked), attack=asked.attack, recipe=asked.recipe)

    write(drawn, asked)


if __name__ == "__main__":
    main()
