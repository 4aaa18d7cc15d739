r"""Appendix of the paper: the feature maps behind an upsampling step, clean beside attacked.

    python figures/appendix_feature_mosaic.py [--step 1] [--out FILE.png]
    python figures/appendix_feature_mosaic.py --images photos/ --step decoder4.up \
        --model '2x2=tc2.pth' --arch spectra.models:unet_resnet50

A row for each network. A mosaic holds up to 96 channels in their order, of each what lies in the
box, at most the middle 64 pixels. A channel has one scale, clean and attacked: black is its 1st
percentile, white its 99th. Same networks, same picture: same bytes.
"""

from collections.abc import Mapping
from math import ceil, sqrt

import numpy as np
from _asked import Picture, box_of, networks, parser, pictures, write
from _features import features, step_of
from _panels import SMALL, Box
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor, nn

from spectra.attack import AttackSpec
from spectra.study import restored

ATTACK = "pgd:eps=8/255,alpha=0.01,steps=5,loss=psnr"
ROWS, COLUMNS = 8, 12  # of the authors' mosaics
MOST = 64  # pixels of a side that are shown of a map: no fewer than one of the file for each
LIMITS = (1, 99)  # percentiles of a channel that are black and white


def mosaics(
    model: nn.Module, picture: Picture, spec: AttackSpec, *, step: str | None, box: Box | None
) -> tuple[str, NDArray[np.float64], NDArray[np.float64]]:
    """Return the name of a step, and its maps of a picture clean and attacked, side by side."""
    made = restored(model, picture.input, spec, target=picture.target)
    clean = features(model, picture.input)
    attacked = features(model, made.attacked_input)
    name = step_of(clean, step)
    parts = [part(maps[name], made.clean, box) for maps in (clean, attacked)]
    low, high = np.percentile(np.stack(parts, 1), LIMITS, axis=(1, 2, 3))[:, :, None, None]
    spread = np.where(high > low, high - low, 1)
    first, second = (tiled(np.clip((values - low) / spread, 0, 1)) for values in parts)
    return name, first, second


def part(maps: Tensor, output: Tensor, box: Box | None) -> NDArray[np.float64]:
    """Return what of the first channels of a map (C, y, x) is in a box of the output's pixels."""
    height, width = output.shape[-2:]
    box = (box or Box.central(height, width)).scaled(maps.shape[-1] / width).middle(MOST)
    shown = maps[: ROWS * COLUMNS].double().numpy()
    return np.moveaxis(box.of(np.moveaxis(shown, 0, -1)), -1, 0)


def tiled(channels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return channels (C, y, x) as one picture, row by row, a white line of a pixel between."""
    count, height, width = channels.shape
    columns = min(COLUMNS, ceil(sqrt(count * COLUMNS / ROWS)))
    rows = ceil(count / columns)
    whole = np.ones((rows * (height + 1) - 1, columns * (width + 1) - 1))
    for number, channel in enumerate(channels):
        top, left = (number // columns) * (height + 1), (number % columns) * (width + 1)
        whole[top : top + height, left : left + width] = channel
    return whole


def draw(
    models: Mapping[str, nn.Module],
    picture: Picture,
    *,
    step: str | None = None,
    box: Box | None = None,
    attack: str = ATTACK,
) -> Figure:
    """Return the figure.

    Parameters
    ----------
    models : mapping of str to Module
        Networks by their labels.
    picture : Picture
        What runs through them.
    step : str, optional
        Name of a step, or its number from 1; by default the last.
    box : Box, optional
        What of the maps is shown, in pixels of the output; by default its middle.
    attack : str
        What attacks the picture.
    """
    spec = AttackSpec.parse(attack)
    found = {
        label: mosaics(model, picture, spec, step=step, box=box) for label, model in models.items()
    }
    ratio = max(clean.shape[0] / clean.shape[1] for _, clean, _ in found.values())
    figure = Figure(figsize=(6.75, (3.2 * ratio + 0.1) * len(found) + 0.6), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03)  # type: ignore[union-attr]
    panels = figure.subplots(len(found), 2, squeeze=False)
    for line, (label, (name, *pair)) in zip(panels, found.items(), strict=True):
        for ax, mosaic in zip(line, pair, strict=True):
            ax.imshow(mosaic, cmap="gray", vmin=0, vmax=1, interpolation="antialiased")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        line[0].set_ylabel(f"{label}\nstep {name}", fontsize=SMALL + 1)
    panels[0, 0].set_title("clean", fontsize=SMALL + 1)
    panels[0, 1].set_title(f"{spec.steps}-step {spec.method.upper()}", fontsize=SMALL + 1)
    figure.supxlabel(
        f"Attack: {spec}.\nEach channel in one scale, clean and attacked: black its "
        f"{LIMITS[0]}st, white its {LIMITS[1]}th percentile.",
        fontsize=SMALL,
    )
    return figure


def main() -> None:
    """Write the figure."""
    options = parser(__doc__, out="appendix_feature_mosaic.png", attack=ATTACK)
    options.add_argument("--step", help="name of a step, or its number from 1 [the last]")
    asked = options.parse_args()

    def drawn() -> Figure:
        models = networks(asked)
        given = pictures(asked, next(iter(models.values())))
        return draw(models, given[0], step=asked.step, box=box_of(asked), attack=asked.attack)

    write(drawn, asked)


if __name__ == "__main__":
    main()
