"""Numbers become verdict, cause, confounders and advice."""

from spectra.explain._advice import find_advice
from spectra.explain._answer import answer
from spectra.explain._cause import find_cause
from spectra.explain._summary import (
    SCHEMA,
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
from spectra.explain._verdict import overall_verdict, worst_step
from spectra.explain._words import counted, describe_energy, describe_step, grey, input_noun

__all__ = [
    "SCHEMA",
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
    "answer",
    "counted",
    "describe_energy",
    "describe_step",
    "find_advice",
    "find_cause",
    "grey",
    "input_noun",
    "overall_verdict",
    "worst_step",
]
