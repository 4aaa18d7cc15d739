from ._arguments import Arguments, called_with, current_arguments
from ._convolution import Convolution
from ._discover import discover
from ._example import example_input
from ._find import find_steps, list_steps, look_at_inputs, select_steps
from ._forward import forward
from ._operation import Growth, Operation
from ._periods import follow_periods
from ._quiet import quiet
from ._steps import Discovery, Step
from ._stream import stream

__all__ = [
    "Arguments",
    "Convolution",
    "Discovery",
    "Growth",
    "Operation",
    "Step",
    "called_with",
    "current_arguments",
    "discover",
    "example_input",
    "find_steps",
    "follow_periods",
    "forward",
    "list_steps",
    "look_at_inputs",
    "quiet",
    "select_steps",
    "stream",
]
