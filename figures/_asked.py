r"""What the scripts of networks are asked on the command line: networks, pictures, an attack.

    --arch spectra.models:nafnet_width32 --model 'Pixel Shuffle=ps.pth' \
    --model 'LCTC=lctc.pth' --arch-arg upsampler=lctc11+3

``--arch`` and ``--arch-arg`` are of the model before them, and of all models where they stand
before the first. Without a model, the three small networks of `spectra.study.small_networks` are
trained once, some minutes of a core, and read from ``--networks`` from then on.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from _panels import Box
from matplotlib.figure import Figure
from torch import Tensor, nn

from spectra import capture
from spectra._names import near
from spectra.data import restoration_photographs
from spectra.errors import InputError, ParameterError, SpectraError
from spectra.inputs import open_inputs, open_targets
from spectra.load import load_model, parse_arch_args
from spectra.study import small_networks

EYE = Box(130, 70, 64)  # of the first of the photographs, chelsea


class Picture(NamedTuple):
    """One input with its name, (C, y, x) in 0..1, and what should come out, where that is known."""

    name: str
    input: Tensor
    target: Tensor | None


class _Asked(NamedTuple):
    """A model as it was asked for: its label, its file, and the options that follow it."""

    label: str
    source: str
    options: list[tuple[str, str]]


class _OfModel(argparse.Action):
    """Keep ``--model``, ``--arch`` and ``--arch-arg`` in the order in which they stand."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        if self.dest == "model":
            label, equals, source = values.partition("=")
            if not equals or not label or not source:
                parser.error(f"--model {values!r}: expected LABEL=WEIGHTS")
            namespace.models.append(_Asked(label, source, []))
        else:
            owner = namespace.models[-1].options if namespace.models else namespace.for_all
            owner.append((self.dest, values))


def parser(doc: str, *, out: str, attack: str | None = None) -> argparse.ArgumentParser:
    """Return a parser of what all scripts of networks take.

    Parameters
    ----------
    doc : str
        The script's docstring, whose first line describes it.
    out : str
        Name of the file that is written by default.
    attack : str, optional
        The usual attack, of scripts that have one.
    """
    made = argparse.ArgumentParser(description=doc.splitlines()[0])
    made.set_defaults(models=[], for_all=[])
    networks = Path("spectra-out/study")
    add = made.add_argument
    add("--model", action=_OfModel, metavar="LABEL=WEIGHTS", help="a network; repeat for more")
    add("--arch", action=_OfModel, metavar="PKG.MOD:FACTORY", help="what builds it")
    add("--arch-arg", action=_OfModel, metavar="NAME=VALUE", help="argument of the factory")
    add("--networks", type=Path, default=networks, metavar="DIR", help="of the small networks")
    add("--steps", type=int, help="of their training [400]")
    add("--images", metavar="INPUTS", help="inputs of the networks [blurred photographs]")
    add("--targets", metavar="DIR", help="what should come out, by the names of the inputs")
    add("--crop", type=int, metavar="SIDE", help="centre of each picture that is used")
    add("--num", type=int, default=16, help="pictures that are used [%(default)s]")
    add("--picture", metavar="NAME", help="the one that is shown [the first]")
    add("--box", metavar="LEFT,TOP,SIDE", help="pixels of it that are enlarged [its middle]")
    add("--device", choices=("cpu", "cuda"), default="cpu")
    if attack is not None:
        add("--attack", default=attack, help="[%(default)s]")
    add("--out", type=Path, default=Path(out), metavar="FILE.png")
    add("--dpi", type=int, default=300, help="pixels per inch [%(default)s]")
    return made


def networks(asked: argparse.Namespace) -> dict[str, nn.Module]:
    """Return the networks by their labels: those that were named, or the three small ones."""
    if not asked.models:
        trained = small_networks(asked.networks, steps=asked.steps, progress=_tell)
        found = {label: network.model for label, network in trained.items()}
    else:
        found = {model.label: _loaded(model, asked.for_all) for model in asked.models}
        if len(found) < len(asked.models):
            raise ParameterError("two models have one label: expected different ones")
    return {label: model.to(asked.device).eval() for label, model in found.items()}


def _loaded(model: _Asked, for_all: Sequence[tuple[str, str]]) -> nn.Module:
    options = [*for_all, *model.options]
    arch = next((value for name, value in reversed(options) if name == "arch"), None)
    arguments: dict[str, object] = {}
    for name, value in options:
        if name == "arch_arg":
            arguments |= parse_arch_args([value])  # the model's own over those of all
    return load_model(model.source, arch=arch, arch_args=arguments).model


def _tell(what: str, done: int, total: int) -> None:
    if done % 100 == 0 or done == total:
        print(f"{what}: {done} of {total} steps", file=sys.stderr)


def pictures(asked: argparse.Namespace, model: nn.Module) -> list[Picture]:
    """Return the pictures that were named, or photographs that no small network was trained on.

    Parameters
    ----------
    asked : Namespace
    model : Module
        Whose outputs the targets have the size of.

    Returns
    -------
    list of Picture
        The one that is shown comes first.
    """
    if asked.images is None and asked.targets is not None:
        raise ParameterError("--targets without --images: expected both, or neither")
    found = _photographs(asked) if asked.images is None else _named(asked, model)
    names = [picture.name for picture in found]
    if asked.picture is None:
        return found
    if asked.picture not in names:
        close = ", ".join(near(asked.picture, names) or names[:4])
        raise ParameterError(f"--picture {asked.picture!r} is none of them: close are {close}")
    return [found.pop(names.index(asked.picture)), *found]


def box_of(asked: argparse.Namespace) -> Box | None:
    """Return the box that was asked for; the eye of the cat where no picture was, either."""
    if asked.box is not None:
        return Box.parse(asked.box)
    usual = (asked.images, asked.crop, asked.picture) == (None, None, None)
    return EYE if usual else None


def _photographs(asked: argparse.Namespace) -> list[Picture]:
    """Return the blurred photographs of the restoration task, and the sharp ones."""
    samples = restoration_photographs("test")
    side = asked.crop
    return [
        Picture(sample.name, _middle(sample.input, side), _middle(sample.target, side))
        for sample in (samples[number] for number in range(min(len(samples), asked.num)))
    ]


def _named(asked: argparse.Namespace, model: nn.Module) -> list[Picture]:
    inputs = open_inputs(asked.images, range="0..1", crop=asked.crop, num=asked.num)
    names = [Path(origin.source).stem for origin in inputs.origins]
    given = [sample for batch in inputs.batches(1) for sample in batch]
    if asked.targets is None:
        return [Picture(name, x, None) for name, x in zip(names, given, strict=True)]
    with capture.quiet(model):
        shape = tuple(capture.forward(model, given[0][None]).shape[1:])
    targets = open_targets(asked.targets, inputs, shape=shape)
    aims = [target for batch in targets.batches(1) for target in batch]
    return [Picture(*each) for each in zip(names, given, aims, strict=True)]


def _middle(values: Tensor, side: int | None) -> Tensor:
    """Return the centre of a picture, all of it without a side."""
    if side is None:
        return values
    top, left = ((n - side) // 2 for n in values.shape[-2:])
    if min(top, left) < 0 or side < 1:
        raise InputError(f"--crop {side} of a picture of {values.shape[-1]}x{values.shape[-2]}")
    return values[..., top : top + side, left : left + side]


def write(draw: Callable[[], Figure], asked: argparse.Namespace) -> None:
    """Write the figure that ``draw`` returns; what cannot be drawn is said in one line."""
    try:
        figure = draw()
    except SpectraError as error:
        sys.exit(f"spectra: {error}")
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(asked.out, dpi=asked.dpi, metadata={"Software": None})
    print(f"Wrote {asked.out}")
