"""No mistake of the search for steps passes a test by."""

from support.strict import strict

__all__ = ["strict"]
