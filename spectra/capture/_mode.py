"""A dispatch mode that costs little: each operation of a model passes through it."""

from torch.utils._python_dispatch import TorchDispatchMode


class LightMode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """A dispatch mode whose handler is called directly.

    By default torch wraps the handler so that its compiler keeps out of it, which loads the
    compiler (seconds) and multiplies the cost of a call. Here compiled code runs as Python.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False
