"""Numbers become verdict, cause, confounders and advice."""

from spectra.explain._answer import answer
from spectra.explain._summarise import summarise
from spectra.explain._summary import (
    SCHEMA,
    Finding,
    InputRow,
    OutputRow,
    Run,
    StepName,
    StepRow,
    Summary,
)
from spectra.explain._verdict import overall_verdict, worst_step
from spectra.explain._words import counted, describe_energy, describe_step, grey, input_noun

__all__ = [
    "SCHEMA",
    "Finding",
    "InputRow",
    "OutputRow",
    "Run",
    "StepName",
    "StepRow",
    "Summary",
    "answer",
    "counted",
    "describe_energy",
    "describe_step",
    "grey",
    "input_noun",
    "overall_verdict",
    "summarise",
    "worst_step",
]
