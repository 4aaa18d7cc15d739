from ._attack import AttackRow, attack_row
from ._summarise import summarise
from ._summary import RunRecord, StepRow, Summary

__all__ = [
    "AttackRow",
    "RunRecord",
    "StepRow",
    "Summary",
    "attack_row",
    "summarise",
]
