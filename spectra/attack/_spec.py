"""``cospgd:eps=8/255,alpha=0.01,steps=10,loss=l1,psi=channels``: an attack as one line of text."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_type_hints

from spectra._checks import check_positive
from spectra._text import suggestion
from spectra.errors import ParameterError

Method = Literal["fgsm", "pgd", "segpgd", "cospgd"]
Norm = Literal["linf", "l2"]
LossName = Literal["l1", "l2", "charbonnier", "psnr", "cross_entropy", "epe"]
Psi = Literal["channels", "rows", "sigmoid"]
Start = Literal["random", "clean"]
Keep = Literal["last", "best"]

USUAL_EPS = 8 / 255
USUAL_ALPHA = 0.01  # of the paper, for the maximum norm
USUAL_STEPS = 10
L2_REACH = 2.5  # radii that the steps of an l2 attack cover together
EIGHT_BIT = 255  # grey levels that a budget is usually told in
_FORM = "expected such as 'pgd:eps=8/255,alpha=0.01,steps=10,loss=l1'"
LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True)
class AttackSpec:
    """An attack, with all that decides what it does.

    Budgets are fractions of the range that the inputs can have: ``eps=8/255`` is eight grey levels
    for pictures in 0..1 and in -1..1 alike.

    Attributes
    ----------
    method : {"fgsm", "pgd", "segpgd", "cospgd"}
        One step along the gradient's sign [1]_; many, each brought back into the ball around the
        clean input [2]_; with the loss of wrongly and rightly classified pixels weighted by turns
        [3]_; with each pixel's loss weighted by the cosine between output and target [4]_.
    eps : float
        Radius of the ball.
    alpha : float, optional
        Length of a step: by default ``eps`` for FGSM, else 0.01 for the maximum norm, and
        ``2.5 eps / steps`` for the Euclidean one.
    steps : int, optional
        How many: 1 for FGSM, 10 by default for the others.
    loss : {"l1", "l2", "charbonnier", "psnr", "cross_entropy", "epe"}, optional
        What is raised, or lowered by a targeted attack; see `per_pixel_loss`. By default ``l1``,
        of SegPGD ``cross_entropy``.
    norm : {"linf", "l2"}
        Of the largest change of a value, or of all values of a sample together.
    start : {"random", "clean"}, optional
        From a random point of the ball, or the clean input; the latter by default for FGSM.
    targeted : bool
        Whether the output is drawn towards the target, rather than driven away from it.
    psi : {"channels", "rows", "sigmoid"}, optional
        What CosPGD takes the cosine of: softmax over the channels, by default; softmax over the
        rows of the map, as the authors do for disparities; or the logistic function of each value
        and its complement. With one channel the first is 1 everywhere. None for other methods.
    keep : {"last", "best"}
        Which iterate is returned: the last, as is usual, or the one of the largest loss.
    seed : int
        Of the random start.

    References
    ----------
    .. [1] I. Goodfellow et al., *Explaining and harnessing adversarial examples*, ICLR 2015.
    .. [2] A. Madry et al., *Towards deep learning models resistant to adversarial attacks*,
       ICLR 2018.
    .. [3] J. Gu et al., *SegPGD*, ECCV 2022, arXiv 2207.12391.
    .. [4] S. Agnihotri et al., *CosPGD*, ICML 2024, arXiv 2302.02213.

    Examples
    --------
    >>> spec = AttackSpec.parse("cospgd:eps=8/255,steps=5,loss=l1")
    >>> print(spec)
    cospgd:eps=8/255,alpha=0.01,steps=5,loss=l1,psi=channels
    >>> AttackSpec.parse(str(spec)) == spec
    True
    """

    method: Method = "pgd"
    eps: float = USUAL_EPS
    alpha: float | None = None
    steps: int | None = None
    loss: LossName | None = None
    norm: Norm = "linf"
    start: Start | None = None
    targeted: bool = False
    psi: Psi | None = None
    keep: Keep = "last"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            _check_choice(name, getattr(self, name), choices)
        once, cosine = self.method == "fgsm", self.method == "cospgd"
        self._set(loss=self.loss or ("cross_entropy" if self.method == "segpgd" else "l1"))
        if self.psi is not None and not cosine:
            raise ParameterError(f"psi={self.psi!r} of {self.method}: it is for cospgd alone")
        self._set(psi=(self.psi or "channels") if cosine else None)
        self._set(steps=_steps(self.steps, once=once))
        self._set(eps=_number("eps", self.eps))
        alpha = self._usual_alpha() if self.alpha is None else self.alpha
        self._set(alpha=_number("alpha", alpha))
        self._set(start=self.start or ("clean" if once else "random"))
        if not isinstance(self.targeted, bool):
            raise ParameterError(f"targeted={self.targeted!r}: expected True or False")
        if self.method == "segpgd" and self.loss != "cross_entropy":
            raise ParameterError(
                f"loss={self.loss!r} does not fit segpgd, which weights right and wrong classes: "
                "expected loss=cross_entropy; method cospgd takes any loss"
            )
        if self.psi == "rows" and self.loss == "cross_entropy":
            raise ParameterError(
                "psi='rows' compares values along a map and does not fit classes: expected "
                "psi=channels or psi=sigmoid with loss=cross_entropy"
            )
        if isinstance(self.seed, bool) or not (
            isinstance(self.seed, int) and 0 <= self.seed <= LARGEST_SEED
        ):
            raise ParameterError(f"seed={self.seed!r}: expected an integer from 0 to 2^63 - 1")

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _usual_alpha(self) -> float:
        if self.method == "fgsm":
            return self.eps
        assert self.steps is not None
        return USUAL_ALPHA if self.norm == "linf" else L2_REACH * self.eps / self.steps

    @classmethod
    def parse(cls, text: str) -> AttackSpec:
        """Return the attack that a text names: a method and, after a colon, what differs.

        Raises
        ------
        ParameterError
            If a part of the text is unknown or has a value that does not fit.

        Examples
        --------
        >>> AttackSpec.parse("fgsm").steps
        1
        """
        method, _, rest = text.strip().partition(":")
        _check_choice("attack", method, CHOICES["method"])
        values: dict[str, Any] = {"method": method}
        for part in filter(None, (part.strip() for part in rest.split(","))):
            name, equals, value = (piece.strip() for piece in part.partition("="))
            if name not in TYPES or name == "method":
                names = [name for name in TYPES if name != "method"]
                raise ParameterError(
                    f"attack={text!r} has an unknown part {part!r}: {suggestion(name, names)}"
                )
            if not equals or not value:
                raise ParameterError(f"attack={text!r} has {part!r} without a value: {_FORM}")
            if name in values:
                raise ParameterError(f"attack={text!r} says {name} twice: {_FORM}")
            values[name] = _read(name, value)
        return cls(**values)

    def __str__(self) -> str:
        """Return the text that `parse` reads back; what is usual is left out."""
        shown = ["eps", "alpha", "steps", "loss"] if self.method != "fgsm" else ["eps", "loss"]
        if self.method == "cospgd":
            shown.append("psi")
        usual = AttackSpec(self.method, self.eps, steps=self.steps, loss=self.loss)
        values = {f.name: getattr(self, f.name) for f in fields(self)[1:]}
        parts = (
            f"{name}={_text(name, value)}"
            for name, value in values.items()
            if name in shown or value != getattr(usual, name)
        )
        return f"{self.method}:{','.join(parts)}"


CHOICES: dict[str, tuple[str, ...]] = {
    "method": get_args(Method),
    "loss": get_args(LossName),
    "norm": get_args(Norm),
    "start": get_args(Start),
    "psi": get_args(Psi),
    "keep": get_args(Keep),
}
OPTIONAL = ("start", "loss", "psi")  # which follow from the method
TYPES = get_type_hints(AttackSpec)


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices and not (name in OPTIONAL and value is None):
        raise ParameterError(f"{name}={value!r}: {suggestion(str(value), choices)}")


def _steps(steps: int | None, *, once: bool) -> int:
    if steps is None:
        return 1 if once else USUAL_STEPS
    steps = check_positive("steps", steps)
    if once and steps != 1:
        raise ParameterError(f"steps={steps} of fgsm, which takes one: expected method pgd")
    return steps


def _number(name: str, value: object) -> float:
    """Return a positive finite number."""
    fine = isinstance(value, int | float) and not isinstance(value, bool)
    if not fine or not 0 < float(value) < math.inf:  # type: ignore[arg-type]
        raise ParameterError(f"{name}={value!r}: expected a number above 0, such as 8/255")
    return float(value)  # type: ignore[arg-type]


def _read(name: str, text: str) -> Any:
    """Return the value that a text stands for; choices are checked with the whole."""
    try:
        if name in ("eps", "alpha"):
            above, slash, below = text.partition("/")
            return float(above) / float(below) if slash else float(text)
        if name in ("steps", "seed"):
            return int(text)
    except (ValueError, ZeroDivisionError):
        kind = "a number such as 0.03 or 8/255" if name in ("eps", "alpha") else "an integer"
        raise ParameterError(f"{name}={text!r}: expected {kind}") from None
    if name == "targeted":
        if text.lower() not in ("true", "false", "yes", "no"):
            raise ParameterError(f"targeted={text!r}: expected true or false")
        return text.lower() in ("true", "yes")
    return text


def _text(name: str, value: object) -> str:
    """Return a value as `_read` takes it."""
    if name in ("eps", "alpha") and isinstance(value, float):
        levels = round(value * EIGHT_BIT, 6)
        if 1 <= levels <= EIGHT_BIT and levels == int(levels) and int(levels) / EIGHT_BIT == value:
            return f"{int(levels)}/{EIGHT_BIT}"
        return repr(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
