r"""Appendix of the paper: power over frequency of the features behind each upsampling step.

    python figures/appendix_radial_power.py [--out FILE.png]
    python figures/appendix_radial_power.py --images photos/ --num 64 --attack pgd:steps=10 \
        --arch spectra.models:unet_resnet50 --model '2x2=tc2.pth' \
        --model '7x7 + 3x3=lctc.pth' --arch-arg upsampler=lctc7+3

By the authors' convention: squared magnitude of the DFT of each channel, no window, mean over
channels and pictures, then over rings of one cycle a picture, times the area of each ring, over
the first ring. A row for each step, a line for each network, black for what should come out; on
the right what the red frame holds, the authors' k >= 15 and P <= 0.02, or more where curves lie
above it. Rings end at half a cycle a pixel along an axis: the corners
of the spectrum, where a checkerboard of period 2 is, are in none. Same networks, same pictures:
same bytes.
"""

from collections.abc import Iterable, Mapping
from itertools import cycle

import torch
import xarray as xr
from _asked import Picture, networks, parser, pictures, write
from _features import features
from _panels import RED, SMALL
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullFormatter
from torch import Tensor, nn

from spectra.attack import AttackSpec
from spectra.errors import ParameterError
from spectra.spectrum._published_curves import annulus_power
from spectra.study import restored

FIRST, HIGHEST = 15, 2e-2  # of the authors' zoom: cycles/image, and power over the first ring's
CROP = 256  # pixels of a side, as the authors' crops
STYLES = (  # colours of Okabe and Ito, told apart by their dashes as well
    ("#0072B2", "-"),
    ("#D55E00", "--"),
    ("#009E73", "-."),
    ("#CC79A7", ":"),
    ("#E69F00", (0, (5, 1, 1, 1, 1, 1))),
    ("#56B4E9", (0, (1, 1))),
)

Curves = dict[str, xr.DataArray]


def curves(
    models: Mapping[str, nn.Module], given: list[Picture], attack: str | None = None
) -> list[Curves]:
    """Return, for each step, the curve of each network by its label.

    Raises
    ------
    ParameterError
        If the networks have different numbers of steps.
    """
    of_network = {
        label: [annulus_power(torch.stack(maps)) for maps in _maps(model, given, attack)]
        for label, model in models.items()
    }
    counts = {label: len(several) for label, several in of_network.items()}
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{label}: {count}" for label, count in counts.items())
        raise ParameterError(f"the networks have different numbers of steps ({said})")
    return [
        dict(zip(of_network, of_step, strict=True))
        for of_step in zip(*of_network.values(), strict=True)
    ]


def _maps(
    model: nn.Module, given: list[Picture], attack: str | None
) -> Iterable[tuple[Tensor, ...]]:
    """Return the maps of all pictures, step by step."""
    of_picture = []
    for number, picture in enumerate(given):
        x = picture.input
        if attack is not None:
            spec = AttackSpec.parse(attack)
            made = restored(model, x, spec, target=picture.target, number=number)
            x = made.attacked_input
        of_picture.append(list(features(model, x).values()))
    return zip(*of_picture, strict=True)


def draw(
    models: Mapping[str, nn.Module], given: list[Picture], *, attack: str | None = None
) -> Figure:
    """Return the figure.

    Parameters
    ----------
    models : mapping of str to Module
        Networks by their labels, with as many steps each.
    given : list of Picture
        Pictures of one size.
    attack : str, optional
        What attacks the pictures; by default they are clean.
    """
    of_steps = curves(models, given, attack)
    targets = [picture.target for picture in given if picture.target is not None]
    truth = annulus_power(torch.stack(targets)) if len(targets) == len(given) else None
    figure = Figure(figsize=(6.75, 2.3 * len(of_steps) + 0.7), layout="constrained")
    panels = figure.subplots(len(of_steps), 2, squeeze=False)
    for number, (of_step, (whole, zoom)) in enumerate(zip(of_steps, panels, strict=True), 1):
        for ax in (whole, zoom):
            _draw_curves(of_step, truth, ax)
        _draw_zoom(of_step, whole, zoom)
        side = 2 * int(next(iter(of_step.values())).k[-1])
        title = f"step {number} of {len(of_steps)}: maps of {side} pixels a side"
        whole.set_title(title, fontsize=SMALL + 1)
        zoom.set_title("in the red frame", fontsize=SMALL + 1, color=RED)
        whole.set_ylabel("P(k) / P(1)", fontsize=SMALL)
    for ax in panels[-1]:
        ax.set_xlabel("k (cycles/image)", fontsize=SMALL)
    figure.legend(
        *whole.get_legend_handles_labels(),
        loc="outside upper center",
        ncols=len(models) + 1,
        fontsize=SMALL,
        frameon=False,
    )
    state = "clean" if attack is None else f"attacked by {AttackSpec.parse(attack)}"
    figure.supxlabel(
        f"Features of {len(given)} pictures, {state}. Recipe agnihotri2024: no window, mean over "
        "channels\nand pictures, power in rings of one cycle/image, each over that of the first; "
        "k up to half a cycle/pixel.",
        fontsize=SMALL,
    )
    return figure


def _draw_curves(of_step: Curves, truth: xr.DataArray | None, ax: Axes) -> None:
    if truth is not None:
        ax.loglog(truth.k, truth, color="black", linewidth=1.2, label="ground truth")
    for (label, curve), (colour, dashes) in zip(of_step.items(), cycle(STYLES)):
        ax.loglog(curve.k, curve, color=colour, linestyle=dashes, linewidth=1.0, label=label)
    ax.tick_params(which="both", labelsize=SMALL)
    ax.grid(color="0.92", linewidth=0.6)


def frame(of_step: Curves) -> tuple[int, int, float]:
    """Return where the zoom begins and ends, in cycles/image, and its highest power.

    The authors' zoom, where half of what each curve has beyond its begin lies within it; else
    up to the highest that any curve has there.
    """
    last = max(int(curve.k[-1]) for curve in of_step.values())
    first = min(FIRST, max(last // 2, 1))
    beyond = [curve[curve.k.values >= first] for curve in of_step.values()]
    inside = all(float(curve.median()) <= HIGHEST for curve in beyond)
    return first, last, HIGHEST if inside else max(float(curve.max()) for curve in beyond)


def _draw_zoom(of_step: Curves, whole: Axes, zoom: Axes) -> None:
    """Frame a part of one panel in red, and show it in the other."""
    first, last, high = frame(of_step)
    low = whole.get_ylim()[0]
    whole.set_ylim(whole.get_ylim())
    whole.add_patch(
        Rectangle((first, low), last - first, high - low, fill=False, edgecolor=RED, zorder=3)
    )
    zoom.set(xlim=(first, last), ylim=(low, high))
    ticks = [k for k in (first * 2**n for n in range(8)) if k <= last]
    zoom.set_xticks(ticks, labels=map(str, ticks))
    zoom.xaxis.set_minor_formatter(NullFormatter())
    for spine in zoom.spines.values():
        spine.set_edgecolor(RED)


def main() -> None:
    """Write the figure."""
    options = parser(__doc__, out="appendix_radial_power.png")
    options.add_argument("--attack", help="attack the pictures [clean ones]")
    options.set_defaults(crop=CROP)
    asked = options.parse_args()

    def drawn() -> Figure:
        models = networks(asked)
        return draw(models, pictures(asked, next(iter(models.values()))), attack=asked.attack)

    write(drawn, asked)


if __name__ == "__main__":
    main()
