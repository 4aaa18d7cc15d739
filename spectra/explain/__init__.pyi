from ._summarise import summarise
from ._summary import RunRecord, StepRow, Summary
from ._words import grey

__all__ = [
    "RunRecord",
    "StepRow",
    "Summary",
    "grey",
    "summarise",
]
