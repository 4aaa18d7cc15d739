from ._convolution import Convolution
from ._discover import discover
from ._example import example_input
from ._find import find_steps, list_steps
from ._forward import MixedInputsError, forward, unwrap
from ._grids import scored_period
from ._modules import modules_by_path
from ._operation import Growth, Operation
from ._periods import follow_periods
from ._quiet import quiet
from ._reading import Reading
from ._steps import Discovery, Mark, Step
from ._stream import Tap, stream

__all__ = [
    "Convolution",
    "Discovery",
    "Growth",
    "Mark",
    "MixedInputsError",
    "Operation",
    "Reading",
    "Step",
    "Tap",
    "discover",
    "example_input",
    "find_steps",
    "follow_periods",
    "forward",
    "list_steps",
    "modules_by_path",
    "quiet",
    "scored_period",
    "stream",
    "unwrap",
]
