from ._summarise import summarise
from ._summary import RunRecord, StepRow, Summary

__all__ = [
    "RunRecord",
    "StepRow",
    "Summary",
    "summarise",
]
