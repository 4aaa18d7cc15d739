from ._attack import AttackRow, attack_row
from ._summarise import summarise
from ._summary import Finding, RunRecord, StepRow, Summary

__all__ = [
    "AttackRow",
    "Finding",
    "RunRecord",
    "StepRow",
    "Summary",
    "attack_row",
    "summarise",
]
