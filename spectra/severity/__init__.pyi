from ._words import Graded, Severity

__all__ = ["Graded", "Severity"]
