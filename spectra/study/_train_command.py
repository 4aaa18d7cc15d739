"""The command ``train``: a task and a model by name become a folder with trained weights."""

from __future__ import annotations

import argparse
import ast
import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from spectra._factories import call, resolve
from spectra.data import Augmentation, SampleSet, gopro, pascal_voc, scene_flow
from spectra.errors import LoadError, ParameterError
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


def add_train(commands: Any) -> None:
    """Add ``train`` to the commands of a parser."""
    command = commands.add_parser("train", help="train a network")
    command.set_defaults(answer=answer)
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


def answer(arguments: argparse.Namespace, progress: Progress) -> str:
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
