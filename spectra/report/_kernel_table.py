"""The kernels of one model, as they stand in ``kernels.json`` (schema ``spectra.kernels/1``).

The keys are a contract with everyone who reads the file: add, never rename.
"""

from dataclasses import dataclass

from spectra.kernel import Measures
from spectra.load import ModelSource

KERNELS_SCHEMA = "spectra.kernels/1"


@dataclass(frozen=True)
class KernelRow:
    """One upsampling kernel; ``measures`` is None where a ``reason`` says why.

    ``certainty`` is "module" where the model says what it is; of bare weights "named" by the
    user, "certain" or "likely" to be transposed, with the ``evidence``.
    """

    name: str
    kind: str
    certainty: str
    evidence: str
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    channels: tuple[int, int]
    measures: Measures | None
    reason: str | None = None


@dataclass(frozen=True, repr=False)
class KernelTable:
    """All upsampling kernels of a model, and the weights that may be some.

    ``hints`` are the options that would settle ``ambiguous`` names, the likeliest first. The
    repr is the table that the command prints.
    """

    spectra_version: str
    created: str
    model: ModelSource
    spectrum: str
    layers: tuple[KernelRow, ...]
    ambiguous: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    schema: str = KERNELS_SCHEMA
    hints: tuple[str, ...] = ()

    def __repr__(self) -> str:
        from spectra.report._kernels import render_kernels

        return render_kernels(self)
