"""Train a network from a terminal: ``python -m spectra.study train --task TASK --model MODEL``.

A training that was stopped goes on when the same command is given again.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from spectra._factories import call, resolve
from spectra.data import Augmentation, SampleSet, gopro, pascal_voc, scene_flow
from spectra.errors import LoadError, ParameterError, SpectraError
from spectra.study._task import Task, disparity, restoration, segmentation
from spectra.study._train import Progress, train
from spectra.study._training import Training


class _Made(Protocol):
    def __call__(self, train: SampleSet | None = None, test: SampleSet | None = None) -> Task: ...


class _Opened(Protocol):
    def __call__(self, root: Path, *, split: Any) -> SampleSet: ...


# of each task: what makes it, what opens a folder for it, its parts to train and to test
TASKS: dict[str, tuple[_Made, _Opened, tuple[str, str]]] = {
    "restoration": (restoration, gopro, ("train", "test")),
    "segmentation": (segmentation, pascal_voc, ("train", "val")),
    "disparity": (disparity, scene_flow, ("train", "test")),
}


def main() -> None:
    """Parse, train, and print the metrics."""
    arguments = _parser().parse_args()
    try:
        with _progress() as progress:
            print(_answer(arguments, progress))
    except SpectraError as error:
        print(f"spectra: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("spectra: stopped; the same command goes on at the last checkpoint", file=sys.stderr)
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m spectra.study", description=__doc__)
    command = parser.add_subparsers(required=True).add_parser("train", help="train a network")
    add = command.add_argument
    add("--task", choices=TASKS, required=True)
    add("--model", required=True, help="pkg.mod:factory or path/file.py:factory")
    add("--arch-arg", action="append", default=[], metavar="NAME=VALUE", help="of the factory")
    add("--data", type=Path, help="folder of GoPro, PASCAL VOC 2012 or SceneFlow; else stand-ins")
    add("--out", type=Path, help="folder of the result [spectra-out/study-TASK-FACTORY]")
    add("--steps", type=int, default=Training.steps)
    add("--batch", type=int, default=Training.batch)
    add("--learning-rate", type=float, default=Training.learning_rate)
    add("--weight-decay", type=float, default=Training.weight_decay)
    add("--clip", type=float, help="largest norm of all gradients together")
    add("--adversarial", metavar="SPEC", help="attack on half of each batch: fgsm:eps=8/255")
    add("--seed", type=int, default=Training.seed)
    add("--evaluate-every", type=int, metavar="STEPS")
    add("--checkpoint-every", type=int, default=Training.checkpoint_every, metavar="STEPS")
    add("--workers", type=int, default=Training.workers, help="processes that read samples")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--threads", type=int, help="of torch")
    return parser


def _answer(arguments: argparse.Namespace, progress: Progress) -> str:
    """Return the lines that are printed at the end."""
    names = set(inspect.signature(Training).parameters)
    training = Training(**{name: value for name, value in vars(arguments).items() if name in names})
    task = _task(arguments.task, arguments.data)
    if arguments.threads is not None:
        torch.set_num_threads(arguments.threads)
    factory = arguments.model.rpartition(":")[2]
    out = arguments.out or Path("spectra-out") / f"study-{arguments.task}-{factory}"
    make = _factory(arguments.model, arguments.arch_arg, task)
    done = train(
        task,
        lambda: make().to(_device(arguments.device)),
        out,
        training=training,
        progress=progress,
    )
    before = done.history[0].values
    rows = [f"  {name:7s}{before[name]:9.3f} -> {value:.3f}" for name, value in done.values.items()]
    return "\n".join([f"{task.test.source}, before and after training:", *rows, f"Wrote {out}"])


def _task(name: str, data: Path | None) -> Task:
    made, opened, (learnt, tested) = TASKS[name]
    if data is None:
        return made()
    samples = opened(data, split=learnt).varied(Augmentation.of_paper(made().train.task))
    return made(samples, opened(data, split=tested))


def _factory(spec: str, given: list[str], task: Task) -> Callable[[], nn.Module]:
    """Return a function that builds the model; factories that ask for classes are told."""
    function = resolve(spec, error=LoadError)
    if not callable(function):
        raise LoadError(f"{spec} is no function: expected one that returns a model")
    values = dict(_named_value(text) for text in given)
    if task.name == "segmentation" and "classes" in inspect.signature(function).parameters:
        values.setdefault("classes", len(task.train.classes))
    return partial(_built, spec, function, values)


def _built(spec: str, function: Callable[..., Any], values: dict[str, object]) -> nn.Module:
    model = call(spec, function, values, error=LoadError)
    if not isinstance(model, nn.Module):
        raise LoadError(f"{spec} returned {type(model).__name__}: expected a torch.nn.Module")
    return model


def _named_value(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise ParameterError(f"--arch-arg {text!r}: expected NAME=VALUE")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def _device(name: str) -> torch.device:
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise ParameterError("--device cuda: this machine has none; expected auto or cpu")
    return torch.device("cuda" if name != "cpu" and there else "cpu")


@contextmanager
def _progress() -> Iterator[Progress]:
    """Yield what shows how far a training is: a bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bars

    with Bars(console=Console(file=sys.stderr), transient=True) as bars:
        bar = bars.add_task("training", total=None)
        yield lambda what, done, total: bars.update(
            bar, description=what, completed=done, total=total
        )


if __name__ == "__main__":
    main()
