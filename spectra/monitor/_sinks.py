"""Where measurements go: what a training logs to already, told apart by what it can do.

Nothing is imported: a writer that has ``add_scalar`` is TensorBoard's or one like it, and so on.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra.compared import Tick
from spectra.errors import ParameterError
from spectra.report import TrainingLog

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PREFIX = "spectra/"
STRIP = f"{PREFIX}strip"
WORD = f"{PREFIX}severity_word"


@dataclass(frozen=True, eq=False)
class Strip:
    """An output beside itself with its grid amplified: (H, W, 3), and its caption."""

    pixels: NDArray[np.uint8]
    caption: str


Scalars = Mapping[str, float]


class Sink:
    """Takes measurements; by default it does nothing with them.

    Parameters
    ----------
    target : object
        What it writes to.
    """

    pictures = True

    def __init__(self, target: Any) -> None:
        self._to = target

    def past(self) -> Sequence[Tick]:
        """Return measurements of an earlier process that it holds."""
        return ()

    def take(
        self, tick: Tick, scalars: Scalars, strip: Strip | None, *, ticks: Sequence[Tick]
    ) -> None:
        """Log a measurement.

        Parameters
        ----------
        tick : Tick
            The measurement.
        scalars : mapping of str to float
            Its numbers, by the names that they are logged under.
        strip : Strip or None
            The picture to log, if there is one.
        ticks : sequence of Tick
            All measurements of this training, this one included.
        """


class _TensorBoard(Sink):
    """A ``SummaryWriter``."""

    def take(
        self, tick: Tick, scalars: Scalars, strip: Strip | None, *, ticks: Sequence[Tick]
    ) -> None:
        for name, value in scalars.items():
            self._to.add_scalar(name, value, tick.step)
        if strip is not None and hasattr(self._to, "add_image"):
            self._to.add_image(STRIP, strip.pixels, tick.step, dataformats="HWC")
        text = tick.error or tick.severity
        if text and hasattr(self._to, "add_text"):
            self._to.add_text(WORD, text, tick.step)


class _Wandb(Sink):
    """A run of Weights & Biases: the step is a number beside the others.

    Its own step counts what the training logs, and goes on with the training's next line: so
    nothing is committed here.
    """

    def __init__(self, target: Any) -> None:
        super().__init__(target)
        if hasattr(target, "define_metric"):
            target.define_metric(f"{PREFIX}*", step_metric=f"{PREFIX}step")

    def take(
        self, tick: Tick, scalars: Scalars, strip: Strip | None, *, ticks: Sequence[Tick]
    ) -> None:
        line: dict[str, Any] = {**scalars, f"{PREFIX}step": tick.step}
        if tick.severity is not None:
            line[WORD] = tick.severity
        image = getattr(sys.modules.get("wandb"), "Image", None)
        if strip is not None and image is not None:
            line[STRIP] = image(strip.pixels, caption=strip.caption)
        self._to.log(line, commit=False)


class _Stepped(Sink):
    """Anything with ``log(values, step=...)``, as Accelerate has."""

    pictures = False

    def take(
        self, tick: Tick, scalars: Scalars, strip: Strip | None, *, ticks: Sequence[Tick]
    ) -> None:
        self._to.log(dict(scalars), step=tick.step)


class _Metrics(Sink):
    """``log_metrics(values, step=...)``: the module ``mlflow``, or a logger of Lightning."""

    def take(
        self, tick: Tick, scalars: Scalars, strip: Strip | None, *, ticks: Sequence[Tick]
    ) -> None:
        self._to.log_metrics(dict(scalars), step=tick.step)
        if strip is not None:
            self._draw(strip, tick.step)

    def _draw(self, strip: Strip, step: int) -> None:
        """Log a picture in the way of the one or the other."""
        inner: Any = getattr(self._to, "experiment", None)
        if hasattr(inner, "add_image"):
            inner.add_image(STRIP, strip.pixels, step, dataformats="HWC")
        elif not hasattr(self._to, "log_image"):
            return
        elif "images" in inspect.signature(self._to.log_image).parameters:  # Lightning's for W&B
            self._to.log_image(STRIP, images=[strip.pixels], step=step, caption=[strip.caption])
        else:
            self._to.log_image(strip.pixels, key=STRIP, step=step)


class _Called(Sink):
    """A function of the numbers and the step."""

    pictures = False

    def take(
        self, tick: Tick, scalars: Scalars, strip: Strip | None, *, ticks: Sequence[Tick]
    ) -> None:
        self._to(dict(scalars), tick.step)


class _Table(Sink):
    """A CSV file, written anew each time; strips lie in a folder beside it."""

    def past(self) -> Sequence[Tick]:
        return TrainingLog.read(self._to).ticks if self._to.exists() else ()

    def take(
        self, tick: Tick, scalars: Scalars, strip: Strip | None, *, ticks: Sequence[Tick]
    ) -> None:
        TrainingLog.write(self._to, ticks)
        if strip is not None:
            from PIL import Image  # loads what only a picture needs

            folder = self._to.with_name(f"{self._to.stem}-strips")
            folder.mkdir(exist_ok=True)
            Image.fromarray(strip.pixels).save(folder / f"{tick.step}.png")


def sinks(log: Any) -> tuple[Sink, ...]:
    """Return where measurements go, of what the user gives.

    Parameters
    ----------
    log : object
        A writer of TensorBoard, a run of W&B, the module ``mlflow``, a logger of Lightning,
        anything with ``log(values, step=...)``, a function of values and step, the path of a CSV
        file; a list of such; None for nowhere.

    Raises
    ------
    ParameterError
        If it is none of these.
    """
    if log is None:
        return ()
    if isinstance(log, list | tuple):
        return tuple(sink for each in log for sink in sinks(each))
    return (_sink(log),)


def _sink(log: Any) -> Sink:
    if isinstance(log, str | Path):
        return _Table(TrainingLog.check_target(log))
    kinds: Iterable[tuple[str, Callable[[Any], Sink]]] = (
        ("add_scalar", _TensorBoard),
        ("log_metrics", _Metrics),
        ("log", _Stepped if _takes(log, "step") and not _takes(log, "commit") else _Wandb),
    )
    for name, kind in kinds:
        if callable(getattr(log, name, None)):
            return kind(log)
    if callable(log):
        return _Called(log)
    raise ParameterError(
        f"log={log!r}: expected a SummaryWriter, a run of W&B, the module mlflow, a logger of "
        "Lightning, a function of (values, step), or the path of a .csv file"
    )


def _takes(log: Any, name: str) -> bool:
    """Tell whether ``log.log`` has a parameter of that name."""
    try:
        return name in inspect.signature(log.log).parameters
    except (AttributeError, TypeError, ValueError):
        return False
