"""Numbers become verdict, cause, confounders and advice."""

from spectra.explain._summary import (
    AtOutput,
    DroppedInput,
    Finding,
    FlatFieldRow,
    InputRow,
    InputSet,
    Model,
    OutputRow,
    Run,
    StepName,
    StepRow,
    Summary,
    UnexplainedGrowth,
)

__all__ = [
    "AtOutput",
    "DroppedInput",
    "Finding",
    "FlatFieldRow",
    "InputRow",
    "InputSet",
    "Model",
    "OutputRow",
    "Run",
    "StepName",
    "StepRow",
    "Summary",
    "UnexplainedGrowth",
]
