"""What was fed to a model: how many samples of which source."""

from dataclasses import dataclass, field

from spectra.inputs._spacing import Spacing


@dataclass(frozen=True)
class Dropped:
    """One sample that cannot be used, and why."""

    source: str
    reason: str


@dataclass(frozen=True)
class InputSet:
    """What was fed to a model, without the samples themselves.

    Attributes
    ----------
    source : str
        The folder, file, specification or type they come from.
    kind : str
        What they are: "images", "sound", "array", "latent", "callable"; "none" without any.
    count : int
        Samples found in the source, used or not.
    used : int
        Samples that a model gets.
    dropped : tuple of Dropped
        What was left out and why.
    shape : tuple of int
        ``(channel, *spatial)`` of one sample as the model gets it.
    variables : tuple of str
        Names of the channels, where the source has them.
    spacing : Spacing or None
        How far the cells of a map lie apart, where its coordinates tell.
    sample_rate : float or None
        Samples a second, where they are sound whose files tell.
    """

    source: str
    kind: str
    count: int
    used: int
    dropped: tuple[Dropped, ...]
    shape: tuple[int, ...]
    variables: tuple[str, ...] = field(default=(), kw_only=True)
    spacing: Spacing | None = field(default=None, kw_only=True)
    sample_rate: float | None = field(default=None, kw_only=True)
