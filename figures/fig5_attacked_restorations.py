r"""Figure 5 of the paper: what three networks restore of a picture, clean and under attack.

    python figures/fig5_attacked_restorations.py [--out FILE.png]
    python figures/fig5_attacked_restorations.py --images blur/ --targets sharp/ --picture 000047 \
        --arch spectra.models:nafnet_width32 --model 'Pixel Shuffle=ps.pth' \
        --model 'LCTC=lctc.pth' --arch-arg upsampler=lctc11+3

On the left what goes in, and what should come out; beside them a column for each network: its
output for the picture as it is, and for the picture under ten steps of PGD. Under each its PSNR,
in its corner what lies in the red box. By default three small networks are trained first, a minute
of a core each, and kept. Same networks, same picture: same bytes.
"""

from collections.abc import Sequence

from _asked import Picture, box_of, networks, parser, pictures, write
from _panels import SMALL, Box, draw_picture, psnr, quality
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn

from spectra.attack import AttackSpec
from spectra.study import restored

ATTACK = "pgd:eps=8/255,alpha=0.01,steps=10,loss=psnr"


def draw(
    models: dict[str, nn.Module], picture: Picture, *, box: Box | None = None, attack: str = ATTACK
) -> Figure:
    """Return the figure.

    Parameters
    ----------
    models : dict of str to Module
        Networks by their labels.
    picture : Picture
        What they restore.
    box : Box, optional
        What of it is enlarged; by default its middle.
    attack : str
        What attacks the picture.
    """
    spec = AttackSpec.parse(attack)
    height, width = picture.input.shape[-2:]
    columns = 1 + len(models)
    each = 6.75 / columns
    figure = Figure(figsize=(6.75, 2 * (each * height / width + 0.13) + 0.37), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02)  # type: ignore[union-attr]
    panels = figure.subplots(2, columns)
    _draw_given(picture, panels[:, 0], box=box)
    for column, (label, model) in zip(panels.T[1:], models.items(), strict=True):
        made = restored(model, picture.input, spec, target=picture.target)
        column[0].set_title(label, fontsize=SMALL + 1)
        for ax, state in zip(column, ("clean", "attacked"), strict=True):
            draw_picture(ax, getattr(made, state), box)
            ax.set_xlabel(quality(made, picture.target, state), fontsize=SMALL, labelpad=2)
    for ax, said in zip(
        panels[:, 1], ("clean", f"{spec.steps}-step {spec.method.upper()}"), strict=True
    ):
        ax.set_ylabel(said, fontsize=SMALL + 1)
    figure.supxlabel(
        f"Attack: {spec}. Under each picture its PSNR; in its corner what is in the red box.",
        fontsize=SMALL,
    )
    return figure


def _draw_given(picture: Picture, axes: Sequence[Axes], *, box: Box | None) -> None:
    """Draw what goes in, and below it what should come out, if that is known."""
    above, below = axes
    above.set_title("input", fontsize=SMALL + 1)
    if picture.target is None:
        draw_picture(above, picture.input, box)
        below.set_axis_off()
        return
    sides = picture.input.shape[-2:], picture.target.shape[-2:]
    ratio = sides[0][0] / sides[1][0]  # the box is of the output's pixels, which may be smaller
    draw_picture(above, picture.input, box and box.scaled(ratio))
    if sides[0] == sides[1]:
        said = f"{psnr(picture.input, picture.target):.2f} dB"
        above.set_xlabel(said, fontsize=SMALL, labelpad=2)
    draw_picture(below, picture.target, box)
    below.set_xlabel("target", fontsize=SMALL + 1, labelpad=2)


def main() -> None:
    """Write the figure."""
    options = parser(__doc__, out="fig5_attacked_restorations.png", attack=ATTACK)
    asked = options.parse_args()

    def drawn() -> Figure:
        models = networks(asked)
        given = pictures(asked, next(iter(models.values())))
        return draw(models, given[0], box=box_of(asked), attack=asked.attack)

    write(drawn, asked)


if __name__ == "__main__":
    main()
