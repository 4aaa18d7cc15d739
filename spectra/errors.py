"""What can go wrong, named so that a caller can tell the cases apart."""

from spectra._printable import printable


class SpectraError(Exception):
    """Base of all errors raised on purpose; its text is one clear message for the user."""

    exit_code = 2

    def __str__(self) -> str:
        return printable(super().__str__())


class ParameterError(SpectraError, ValueError):
    """An argument has a value that the function cannot use."""


class LoadError(SpectraError):
    """A file or a name does not become a model."""


class InputError(SpectraError):
    """A source of inputs cannot be read or does not fit the model."""


class ModelError(SpectraError):
    """The model raised, or did something that cannot be followed."""


class MixedInputsError(ModelError):
    """Several inputs together do not give as many outputs as one by one: run them alone."""


class NothingToAnalyseError(SpectraError):
    """There is no upsampling step, or no readable input."""

    exit_code = 4


class ClusterError(SpectraError):
    """Workers, or the scheduler that hands out their work, cannot be had or are gone."""


class ConversionError(SpectraError):
    """An upsampling step cannot become the layer that was asked for."""
