from ._monitor import Monitor

__all__ = ["Monitor"]
