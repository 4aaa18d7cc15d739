"""Do a call that moves data again, on addresses instead of values."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.utils._pytree import tree_map_only

from spectra.follow._dispatched import Dispatched, tensors
from spectra.follow._origin_kinds import NONE
from spectra.follow._seen import Seen

_FORM = ("dtype", "layout", "device", "pin_memory", "non_blocking", "memory_format", "accumulate")
"""Arguments left out on addresses, which are float64 and are written, never added up."""

_VALUES = ("self", "input", "tensors", "src", "source", "values", "value")
"""Arguments of which values are moved. All others, indices above all, say where to."""


def on_addresses(call: Dispatched, see: Callable[[Tensor], Seen]) -> Callable[..., Tensor]:
    """Return a function that does a call again on the addresses of what it moved.

    Parameters
    ----------
    call : Dispatched
        A call that moves data. Indices stay what they are, and are kept until it is done again.
    see : callable
        Returns a tensor as the following sees it.

    Returns
    -------
    callable
        Returns the addresses of what the call made. Called with a tensor, it does the move into
        that in place of the first argument.
    """
    func, given = call.func, call.given
    target = next(iter(given))
    named = {name: value for name, value in given.items() if name not in _FORM}
    for name, value in named.items():
        if name in _VALUES:
            # Addresses are asked for only when the call is done again: till then it takes what
            # the tensor was, not its values, which the model may have overwritten by then.
            named[name] = tree_map_only(Tensor, see, value)
        if name == "value" and not isinstance(value, Tensor):
            named[name] = float(NONE)  # the number with which a padding, or a fill, writes

    def again(into: Tensor | None = None) -> Tensor:
        called = tree_map_only(Seen, Seen.addresses, named)
        if into is not None:
            called[target] = into
        made = func(**called)
        return made if isinstance(made, Tensor) else tensors(made)[0]

    return again
