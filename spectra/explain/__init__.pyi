from ._attack import AttackRow, attack_row
from ._summarise import summarise
from ._summary import RunRecord, StepRow, Summary
from ._variables import loudest_first

__all__ = [
    "AttackRow",
    "RunRecord",
    "StepRow",
    "Summary",
    "attack_row",
    "loudest_first",
    "summarise",
]
