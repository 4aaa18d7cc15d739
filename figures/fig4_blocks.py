"""Figure 4 of the paper: where a network upsamples, and the blocks a to f that it is built of.

    python figures/fig4_blocks.py [--kernel 7] [--small 3] [--out FILE.png]

Nothing is drawn from memory. Maps and arrows of the network are those of a forward pass through
`spectra.models.unet_small`; an arrow is red where another upsampler changes the step. Boxes of the
blocks are the layers of `spectra.remedy.upsampling_block` and `spectra.remedy.DecoderBlock`, in
their order, with their sizes. Same script, same bytes.
"""

import argparse
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, get_args

import torch
from _panels import RED, SMALL
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from torch import nn

from spectra import Options, capture, models
from spectra.remedy import LCTC, DecoderBlock, upsampling_block
from spectra.remedy._blocks import FollowingBlock, UpsamplingBlock

WIDTH = 64  # channels that a block makes, of twice as many
SIDE = 128  # pixels of the picture that goes through the network
TITLES = {
    "a": "baseline:\ntransposed conv.",
    "b": "LCTC:\nlarge kernel",
    "c": "LCTC: large beside\nsmall kernel",
    "d": "ResNet-like\nblock",
    "e": "ConvNeXt-like,\nlarge kernel",
    "f": "ConvNeXt-like,\nlarge beside small",
}
FILLS = {"upsampling": "#F6C9B8", "conv": "#C6DBEF", "other": "#EDEDED", "map": "#9ECAE1"}
INK = "0.15"

Stage = tuple[nn.Module, ...]


def stages(block: LCTC | DecoderBlock) -> list[Stage]:
    """Return the layers of a block in their order; those of one stage are summed."""
    parts = dict(block.named_children())  # of LCTC and the blocks e and f, kernels come first
    kernels = tuple(parts[name] for name in ("large", "small") if name in parts)
    following = [(layer,) for layer in parts["layers"]] if "layers" in parts else []
    return [kernels, *following] if kernels else following


def words(layer: nn.Module, channels: int = WIDTH) -> str:
    """Return what a layer is: its name, its taps, and its channels in parts of ``channels``."""
    match layer:
        case nn.ConvTranspose2d():
            return f"transposed\nconv. {_sides(layer)}\nstride {layer.stride[0]}"
        case nn.Conv2d():
            grouped = "grouped\n" if layer.groups > 1 else ""
            return f"{grouped}conv. {_sides(layer)}\n{_widths(layer, channels)}"
        case nn.Linear():
            ratio = Fraction(layer.out_features, channels)
            return f"linear\n{_part(Fraction(layer.in_features, channels))} → {_part(ratio)}"
        case nn.BatchNorm2d():
            return "batch norm."
        case nn.LayerNorm():
            return "layer norm."
        case nn.ReLU() | nn.GELU():
            return type(layer).__name__
    raise TypeError(f"{type(layer).__name__} has no picture yet: expected a layer of the blocks")


def _sides(layer: nn.Conv2d | nn.ConvTranspose2d) -> str:
    return "×".join(map(str, layer.kernel_size))


def _widths(layer: nn.Conv2d, channels: int) -> str:
    before, after = (Fraction(n, channels) for n in (layer.in_channels, layer.out_channels))
    return f"{_part(before)} → {_part(after)}"


def _part(ratio: Fraction) -> str:
    """Return a number of channels in parts of c."""
    above = "" if ratio.numerator == 1 else str(ratio.numerator)
    return f"{above}c" if ratio.denominator == 1 else f"{above}c/{ratio.denominator}"


def blocks(kernel: int, small: int) -> dict[str, LCTC | DecoderBlock]:
    """Return the six blocks, each with ``WIDTH`` channels made of twice as many."""
    sizes = {"kernel_size": kernel, "small": small}
    upsampling = {
        kind: upsampling_block(kind, 2 * WIDTH, WIDTH, **sizes)
        for kind in get_args(UpsamplingBlock)
    }
    following = {
        kind: DecoderBlock(kind, 2 * WIDTH, WIDTH, **sizes) for kind in get_args(FollowingBlock)
    }
    return {**upsampling, **following}


class Way(NamedTuple):
    """The way of a picture through an encoder-decoder network, as a forward pass showed it.

    Attributes
    ----------
    encoder : list of int
        Side of each map of the encoder, in its order.
    steps : list of Step
        Where the decoder upsamples, in order.
    replaced : list of bool
        Whether each step is another one with another upsampler.
    joined : list of (int, int, Module)
        Number of an encoder's map, how many steps have run where the decoder takes it, and the
        module that takes it.
    """

    encoder: list[int]
    steps: list[capture.Step]
    replaced: list[bool]
    joined: list[tuple[int, int, nn.Module]]


def way() -> Way:
    """Return the way through the paper's U-Net, small, run twice: as published and with LCTC."""
    published, large = models.unet_small(), models.unet_small(upsampler="lctc7+3")
    example = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    found = capture.list_steps(published, example, Options())
    other = capture.list_steps(large, example, Options())
    passed, kept, joined = 0, [], []

    def count(_step: int, _map: torch.Tensor) -> None:
        nonlocal passed
        passed += 1

    def keep(_module: nn.Module, _given: object, made: tuple[torch.Tensor, ...]) -> None:
        kept.extend(made)

    def look(taker: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        """Note the encoder's map that stands before others along the channels, if one does."""
        for number, encoded in enumerate(kept):
            if torch.equal(given[0][:, : encoded.shape[1]], encoded):
                joined.append((number, passed, taker))

    takers = [m for name, m in published.named_modules() if name.endswith(("up_conv", "last.conv"))]
    hooks = [published.encoder.register_forward_hook(keep)]
    hooks += [taker.register_forward_pre_hook(look) for taker in takers]
    with capture.quiet(published), capture.stream(published, found, count):
        capture.forward(published, example)
    for hook in hooks:
        hook.remove()
    pairs = zip(found.steps, other.steps, strict=True)
    return Way(
        encoder=[encoded.shape[-1] for encoded in kept],
        steps=list(found.steps),
        replaced=[before.kernel_size != after.kernel_size for before, after in pairs],
        joined=joined,
    )


def draw(kernel: int = 7, small: int = 3) -> Figure:
    """Return the figure, with blocks of so many taps."""
    figure = Figure(figsize=(7.2, 5.45))
    above = figure.add_axes((0, 3.55 / 5.45, 1, 1.9 / 5.45))
    below = figure.add_axes((0, 0, 1, 3.45 / 5.45))
    _draw_network(way(), above)
    _draw_blocks(blocks(kernel, small), below)
    return figure


# Lengths are inches of the figure. Of the network: width of a map, of the arrow of a step, of the
# block behind it, the gap between; and the height at which the middle of every map lies.
MAP, STEP, BLOCK, GAP = 0.16, 0.5, 0.36, 0.2
MIDDLE, HEADING = 0.85, 1.72


def _draw_network(passed: Way, ax: Axes) -> None:
    _blank(ax)
    x = _map(ax, 0.2, SIDE, "picture")
    starts, ends = [], {}
    for side in passed.encoder:
        _arrow(ax, (x, MIDDLE), (x + GAP, MIDDLE))
        starts.append(x + GAP + MAP / 2)
        x = _map(ax, x + GAP, side, f"1/{SIDE // side}")
    ax.text((starts[0] + x) / 2, HEADING, "encoder", ha="center", fontsize=SMALL + 1, color=INK)
    decoder = x = _block(ax, x, "d")
    for number, (step, replaced) in enumerate(zip(passed.steps, passed.replaced, strict=True), 1):
        side = step.output_shape[-1]
        x = _step(ax, x, step, replaced=replaced)
        x = _map(ax, x, side, f"1/{SIDE // side}" if side < SIDE else "output")
        for encoded, ran, taker in passed.joined:
            if ran == number:
                follows = isinstance(taker, DecoderBlock)
                above = MIDDLE + (_height(side) / 2 if follows else 0.16)
                ends[encoded] = (x - MAP / 2 if follows else x + 0.06 + BLOCK / 2, above)
                x = _block(ax, x, "d, e\nor f" if follows else "1×1")
    ax.text((decoder + x) / 2, HEADING, "decoder", ha="center", fontsize=SMALL + 1, color=INK)
    for encoded, end in ends.items():
        outer = sum(side == passed.encoder[encoded] for side in passed.encoder[encoded:])
        top = MIDDLE + _height(passed.encoder[encoded]) / 2
        _skip(ax, (starts[encoded], top), end, over=top + 0.1 * outer)


def _height(side: int) -> float:
    """Return how tall a map is drawn: as much more for each doubling."""
    return 0.25 + 0.19 * (side.bit_length() - 3)


def _map(ax: Axes, x: float, side: int, label: str) -> float:
    """Draw a map with its label below; return where it ends."""
    low = MIDDLE - _height(side) / 2
    ax.add_patch(Rectangle((x, low), MAP, _height(side), facecolor=FILLS["map"], edgecolor=INK))
    ax.text(x + MAP / 2, low - 0.05, label, ha="center", va="top", fontsize=SMALL, color=INK)
    return x + MAP


def _block(ax: Axes, x: float, label: str) -> float:
    """Draw the block behind a map; return where it ends."""
    x += 0.06
    _box(ax, (x, MIDDLE - 0.16, BLOCK, 0.32), label, fill=FILLS["conv"])
    return x + BLOCK


def _step(ax: Axes, x: float, step: capture.Step, *, replaced: bool) -> float:
    """Draw the arrow of a step, red where another upsampler replaces it; return where it ends."""
    colour, which = (RED, "a, b\nor c") if replaced else (INK, "never\nchanged")
    _arrow(ax, (x, MIDDLE), (x + STEP, MIDDLE), colour=colour, width=2.2)
    middle = x + STEP / 2 - 0.03
    said = {"ha": "center", "fontsize": SMALL, "color": colour}
    ax.text(middle, MIDDLE + 0.07, f"×{step.factor[0]}", va="bottom", weight="bold", **said)
    ax.text(middle, MIDDLE - 0.09, which, va="top", linespacing=0.95, **said)
    return x + STEP


def _skip(ax: Axes, start: tuple[float, float], end: tuple[float, float], *, over: float) -> None:
    """Draw the way of an encoder's map to the decoder, at a height over what lies between."""
    (left, top), (right, into) = start, end
    ax.plot([left, left, right], [top, over, over], color="0.5", linewidth=0.8)
    _arrow(ax, (right, over), (right, into), colour="0.5", width=0.8)


TOP, LINE, PAD, BETWEEN = 2.92, 0.115, 0.1, 0.15  # of the blocks: top, text, around it, arrows
COLUMN, PAIR = 0.98, 1.5  # widths of a block without and with parallel kernels


def _draw_blocks(six: dict[str, LCTC | DecoderBlock], ax: Axes) -> None:
    _blank(ax)
    x = 0.11
    for kind, block in six.items():
        drawn = stages(block)
        wide = PAIR if any(len(stage) > 1 for stage in drawn) else COLUMN
        title = f"{kind}) {TITLES[kind]}"
        ax.text(x + wide / 2, 3.4, title, ha="center", va="top", fontsize=SMALL + 1, color=INK)
        after = "c, 2H×2W" if isinstance(block, LCTC) else "c, H×W"
        _draw_block(drawn, ax, x=x, wide=wide, after=after)
        x += wide + 0.04
    _draw_legend(ax)


def _draw_block(drawn: list[Stage], ax: Axes, *, x: float, wide: float, after: str) -> None:
    middle, y = x + wide / 2, TOP
    ax.text(middle, y + 0.02, "2c, H×W", ha="center", va="bottom", fontsize=SMALL, color="0.4")
    for stage in drawn:
        texts = [words(layer) for layer in stage]
        tall = LINE * max(text.count("\n") + 1 for text in texts) + PAD
        each = (wide - 0.12) / len(stage)
        y -= BETWEEN
        for n, (layer, text) in enumerate(zip(stage, texts, strict=True)):
            left = x + 0.06 + n * each
            centre = left + each / 2
            _arrow(ax, (middle, y + BETWEEN), (centre, y))
            _box(ax, (left + 0.02, y - tall, each - 0.04, tall), text, fill=_fill(layer))
            if len(stage) > 1:
                _arrow(ax, (centre, y - tall), (middle, y - tall - BETWEEN), head=False)
        y -= tall
        if len(stage) > 1:
            y -= BETWEEN + 0.07
            ax.text(
                middle,
                y,
                "+",
                ha="center",
                va="center",
                fontsize=SMALL + 1,
                color=INK,
                bbox={"boxstyle": "circle,pad=0.1", "facecolor": "white", "edgecolor": INK},
            )
            y -= 0.07
    _arrow(ax, (middle, y), (middle, y - BETWEEN))
    ax.text(middle, y - BETWEEN - 0.02, after, ha="center", va="top", fontsize=SMALL, color="0.4")


def _draw_legend(ax: Axes) -> None:
    fills = {
        "upsampling": "convolution that enlarges the map",
        "conv": "convolution that keeps its size",
        "other": "each pixel by itself",
    }
    said = {"va": "center", "fontsize": SMALL, "color": INK}
    _arrow(ax, (0.17, 1.02), (0.44, 1.02), colour=RED, width=2.2)
    ax.text(0.5, 1.02, "upsampling that is exchanged: a, b or c", **said)
    for number, (fill, text) in enumerate(fills.items()):
        y = 0.84 - 0.18 * number
        ax.add_patch(Rectangle((0.2, y - 0.05), 0.2, 0.1, facecolor=FILLS[fill], edgecolor=INK))
        ax.text(0.5, y, text, **said)
    ax.text(0.2, 0.28, "2c, H×W", va="center", fontsize=SMALL, color="0.4")
    ax.text(0.68, 0.28, "2c channels of H×W pixels", **said)
    ax.text(0.2, 0.1, "1/8: side of a map over that of the picture", **said)


def _fill(layer: nn.Module) -> str:
    if isinstance(layer, nn.ConvTranspose2d):
        return FILLS["upsampling"]
    return FILLS["conv" if isinstance(layer, nn.Conv2d) else "other"]


def _blank(ax: Axes) -> None:
    """Let an axes be measured in inches of the figure, without a frame."""
    figure = ax.get_figure()
    assert isinstance(figure, Figure)
    width, height = figure.get_size_inches() * ax.get_position().size
    ax.set(xlim=(0, width), ylim=(0, height))
    ax.set_axis_off()


def _box(ax: Axes, place: tuple[float, float, float, float], text: str, *, fill: str) -> None:
    x, y, wide, tall = place
    ax.add_patch(
        FancyBboxPatch(
            (x, y),
            wide,
            tall,
            boxstyle="round,pad=0,rounding_size=0.03",
            facecolor=fill,
            edgecolor=INK,
            linewidth=0.8,
        )
    )
    ax.text(
        x + wide / 2,
        y + tall / 2,
        text,
        ha="center",
        va="center",
        fontsize=SMALL,
        color=INK,
        linespacing=1.1,
        gid="layer",
    )


def _arrow(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    colour: str = INK,
    width: float = 0.8,
    head: bool = True,
) -> None:
    ax.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>" if head else "-",
            mutation_scale=6 + 2.5 * width,
            shrinkA=0,
            shrinkB=0,
            color=colour,
            linewidth=width,
        )
    )


def main() -> None:
    """Write the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernel", type=int, default=7, help="taps of large kernels [7]")
    parser.add_argument("--small", type=int, default=3, help="taps of small kernels [3]")
    parser.add_argument("--out", type=Path, default=Path("fig4_blocks.png"))
    parser.add_argument("--dpi", type=int, default=300, help="pixels per inch [300]")
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    figure = draw(arguments.kernel, arguments.small)
    figure.savefig(arguments.out, dpi=arguments.dpi, metadata={"Software": None})


if __name__ == "__main__":
    main()
