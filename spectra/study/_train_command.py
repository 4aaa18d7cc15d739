"""The command ``train``: a task and a model by name, or shipped settings, become a folder."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from spectra.errors import ParameterError
from spectra.load import parse_arch_args
from spectra.study._attacks import kept_under_attack
from spectra.study._config import TASKS, Config, read_config, shipped
from spectra.study._cost import SUSTAINED
from spectra.study._estimate import estimated
from spectra.study._named import NamedNetwork, network_by_name
from spectra.study._sets import SETS, reduced
from spectra.study._task import Task, disparity, restoration, segmentation
from spectra.study._team import Team, gathered, local_rank
from spectra.study._train import Progress, Trained, train

MADE = {"restoration": restoration, "segmentation": segmentation, "disparity": disparity}
NAMED = "the attack that the settings name"


def add_train(commands: Any) -> None:
    """Add ``train`` to the commands of a parser."""
    command = commands.add_parser("train", help="train a network")
    command.set_defaults(answer=answer)
    add = command.add_argument
    add("--config", help=f"settings: {', '.join(shipped())}, or a .toml file of your own")
    add("--task", choices=TASKS)
    add("--model", help="pkg.mod:factory or path/file.py:factory")
    add("--arch-arg", action="append", default=[], metavar="NAME=VALUE", help="of the factory")
    add("--upsampler", metavar="NAME", help="the same as --arch-arg upsampler=NAME")
    add("--encoder", type=Path, metavar="FILE", help="weights that the encoder begins with")
    add("--data", type=Path, help="folder of GoPro, PASCAL VOC 2012 or SceneFlow; else stand-ins")
    add("--out", type=Path, help="folder of the result [spectra-out/...]")
    add("--steps", type=int, help="stages and hold of the settings keep their shares")
    add("--batch", type=int)
    add("--crop", type=_size, metavar="HEIGHTxWIDTH", help="of the samples to train on")
    add("--learning-rate", type=float)
    add("--weight-decay", type=float)
    add("--clip", type=float, help="largest norm of all gradients together")
    add(
        "--adversarial",
        nargs="?",
        const=NAMED,
        metavar="SPEC",
        help=f"attack on half of each batch, such as fgsm:eps=8/255; without SPEC {NAMED}",
    )
    add("--seed", type=int)
    add("--evaluate-every", type=int, metavar="STEPS")
    add("--checkpoint-every", type=int, metavar="STEPS")
    add("--workers", type=int, help="processes that read samples, of each GPU")
    add("--at-once", type=int, metavar="SAMPLES", help="that pass through the network together")
    add("--precision", choices=("float32", "bfloat16"))
    add(
        "--attack",
        action="append",
        metavar="SPEC",
        help="under which the network is evaluated at the end, in the place of those of the "
        "settings; 'none' for none",
    )
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--threads", type=int, help="of torch")
    add(
        "--hours",
        nargs="?",
        type=float,
        const=SUSTAINED / 1e12,
        metavar="TFLOPS",
        help=f"only estimate hours and memory, at a rate of one GPU [{SUSTAINED / 1e12:g}]",
    )


def answer(arguments: argparse.Namespace, progress: Progress) -> str:
    """Return the lines that are printed at the end; nothing where another process says them."""
    config = asked(arguments)
    attack = _adversarial(arguments, config)
    if arguments.hours is not None:
        if not arguments.hours > 0:
            raise ParameterError(f"--hours {arguments.hours:g}: expected TFLOP/s above 0")
        classes = 21 if config.task == "segmentation" else None
        made = network_by_name(config.model, config.arguments, classes=classes)
        title = f"{config.name or config.model}, upsampler {_upsampler(config) or 'published'}"
        estimate = estimated(config, made, adversarial=attack or "")
        return "\n".join([title, *estimate.lines(1e12 * arguments.hours)])
    if arguments.threads is not None:
        torch.set_num_threads(arguments.threads)
    device = _device(arguments.device)
    with gathered(cuda=device.type == "cuda"):
        task = task_of(config, arguments.data)
        classes = len(task.train.classes) if config.task == "segmentation" else None
        network = network_by_name(
            config.model, config.arguments, classes=classes, encoder=arguments.encoder
        )
        _warn_of_encoder(config, network)
        training = config.training_on(len(task.train))
        training = replace(training, adversarial=attack)
        out = arguments.out or _folder(config)
        done = train(
            task,
            lambda: network().to(device),
            out,
            training=training,
            progress=progress,
            notes=network.notes,
        )
        attacked = kept_under_attack(
            task,
            done.model,
            out,
            config.attacks,
            samples=config.attacked_samples,
            progress=progress,
        )
        return _told(task, done, attacked) if Team.present().writes else ""


def asked(arguments: argparse.Namespace) -> Config:
    """Return the settings of a file, or of the options alone; what was given explicitly wins."""
    given = {name: value for name, value in vars(arguments).items() if value is not None}
    if "config" in given:
        config = read_config(arguments.config)
        for name in ("task", "model"):
            config = replace(config, **{name: given.get(name, getattr(config, name))})
    elif "task" in given and "model" in given:
        config = Config(arguments.task, arguments.model)
    else:
        raise ParameterError("expected --config NAME, or both --task and --model")
    names = [name for name in _OF_TRAINING if name in given]
    made = parse_arch_args(arguments.arch_arg)
    if arguments.upsampler is not None:
        made["upsampler"] = arguments.upsampler
    config = replace(
        config,
        arguments={**config.arguments, **made},
        training={**config.training, **{name: given[name] for name in names}},
        steps=arguments.steps,
    )
    if arguments.batch is not None:
        config = config.with_batch(arguments.batch)
    if arguments.crop is not None:
        config = config.with_crop(arguments.crop)
    if arguments.attack is not None:
        chosen = tuple(text for text in arguments.attack if text != "none")
        config = replace(config, attacks=chosen, attacked_samples=None)
    return config


_OF_TRAINING = (
    *("learning_rate", "weight_decay", "clip", "seed", "evaluate_every", "checkpoint_every"),
    *("workers", "at_once", "precision"),
)


def task_of(config: Config, data: Path | None) -> Task:
    """Return the task of settings, on the samples of a folder or on stand-ins."""
    known = SETS[config.set]
    options: dict[str, Any] = {} if config.loss is None else {"loss": config.loss}
    if config.matching:
        options["matching"] = True
    if data is not None:
        learnt, tested = known.open(data, config.options)
        made = MADE[config.task](
            learnt.varied(config.varied()), reduced(tested, config.reduce), **options
        )
    elif config.name:
        raise ParameterError(f"--config {config.name} needs --data, the folder of {known.what}")
    else:
        made = MADE[config.task](**options)
    return replace(made, mean=config.mean, std=config.std)


def _adversarial(arguments: argparse.Namespace, config: Config) -> str | None:
    given: str | None = arguments.adversarial
    if given == NAMED:
        if not config.adversarial:
            raise ParameterError("--adversarial: expected an attack, such as fgsm:eps=8/255")
        return config.adversarial
    return given


def _upsampler(config: Config) -> str:
    return str(config.arguments.get("upsampler", ""))


def _folder(config: Config) -> Path:
    name = config.name or f"study-{config.task}-{config.model.rpartition(':')[2]}"
    upsampler = _upsampler(config)
    return Path("spectra-out") / (f"{name}-{upsampler}" if upsampler else name)


def _warn_of_encoder(config: Config, network: NamedNetwork) -> None:
    if config.encoder and network.encoder is None and Team.present().writes:
        print(
            f"spectra: the encoder begins at random; published weights of {config.encoder} are "
            "given by --encoder FILE",
            file=sys.stderr,
        )


def _told(task: Task, done: Trained, attacked: dict[str, dict[str, dict[str, float]]]) -> str:
    before = done.history[0].values
    rows = [f"  {name:7s}{before[name]:9.3f} -> {value:.3f}" for name, value in done.values.items()]
    lines = [f"{task.test.source}, before and after training:", *rows]
    if attacked:
        lines.append("under attack:")
        for text, values in attacked.items():
            told = [f"{name} {value:.3f}" for name, value in values["quality"].items()]
            lines.append("  ".join(["", *told, text]))
    return "\n".join([*lines, f"Wrote {done.folder}"])


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.partition("x")
    return int(height), int(width)


def _device(name: str) -> torch.device:
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise ParameterError("--device cuda: this machine has none; expected auto or cpu")
    return torch.device("cuda", local_rank()) if name != "cpu" and there else torch.device("cpu")
