"""Follow spectra, to know where one comes back with more samples than it was taken of."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from spectra.follow import Dispatched, Layout, StorageMap


class EnlargedSpectrum(NamedTuple):
    """A map that came back larger from its spectrum.

    Attributes
    ----------
    ratios : tuple of Fraction
        Samples after over samples before, along each spatial axis.
    before, after : tuple of int
        ``(channel, *spatial)`` before the transform and after the inverse one.
    layout : Layout
        Which axes of the tensor are samples, channels and space.
    """

    ratios: tuple[Fraction, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    layout: Layout

    @property
    def factor(self) -> tuple[int, ...]:
        """The ratios, empty where one is no whole number."""
        return () if self._uneven else tuple(map(int, self.ratios))

    @property
    def reason(self) -> str | None:
        """Why there is no lattice, None where there is one."""
        uneven = self._uneven
        return f"the ratio {float(uneven):.4g} is not a whole number" if uneven else None

    @property
    def _uneven(self) -> Fraction | None:
        return next((ratio for ratio in self.ratios if ratio.denominator > 1), None)


class Spectra:
    """The axes of each storage that are frequencies, or were, and their number of samples.

    Axes are counted from the last, -1, so that axes of samples that are added or dropped on the
    way leave them alone.
    """

    def __init__(self) -> None:
        # By axis: samples before the transform, and after the inverse one, None until it has run.
        self._axes: StorageMap[dict[int, tuple[int, int | None]]] = StorageMap()

    def carry(self, call: Dispatched) -> None:
        """Let what a call makes of a spectrum be one."""
        self._axes.carry(call)

    def read(self, call: Dispatched) -> EnlargedSpectrum | None:
        """Note a Fourier transform; return what came back larger once all axes are back."""
        args, result = call.args, call.result
        axes = [axis % result.ndim - result.ndim for axis in args[1]]
        known = dict(self._axes.get(args[0]) or {})
        # The fourth argument of a complex transform says "forward".
        if call.name == "_fft_r2c" or (call.name == "_fft_c2c" and args[3]):
            known |= {axis: (args[0].shape[axis], None) for axis in axes}
            self._axes.set(result, known)
            return None
        known |= {axis: (known[axis][0], result.shape[axis]) for axis in axes if axis in known}
        self._axes.set(result, known)
        done = {axis: (n, grown) for axis, (n, grown) in known.items() if grown is not None}
        spatial = max((-axis for axis in done), default=0)
        # Inverse transforms come one after the other where rows and columns are done apart.
        if not done or len(done) < len(known) or not 1 <= spatial <= min(3, result.ndim - 1):
            return None
        self._axes.drop(result)
        ratios = tuple(
            Fraction(grown, n)
            for n, grown in (done.get(axis, (1, 1)) for axis in range(-spatial, 0))
        )
        if max(ratios) <= 1:
            return None
        after = tuple(result.shape[-spatial - 1 :])
        sides = [int(n / ratio) for n, ratio in zip(after[1:], ratios, strict=True)]
        layout = Layout.last(result.ndim, spatial)
        return EnlargedSpectrum(ratios, (after[0], *sides), after, layout)
