"""What a command is asked to run, refused before torch is imported as far as that can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spectra._factories import is_spec

if TYPE_CHECKING:
    from spectra import Options
    from spectra.load import LoadedModel

LIBRARIES = ("spandrel:", "torchvision:", "timm:", "smp:", "diffusers:", "hf:")
LOADING = ("arch", "key", "strip_prefix", "strict", "trust")


@dataclass(frozen=True)
class Request:
    """A model to load, the inputs to run it on, and how."""

    model: str
    loading: dict[str, Any]
    inputs: str | list[str] | None
    options: Options

    def load(self) -> LoadedModel:
        """Return the loaded model."""
        from spectra.load import load_model

        return load_model(self.model, **self.loading)


def code_of(params: dict[str, Any]) -> list[str]:
    """Return what of a command's parameters names code that it runs; libraries are no such code."""
    named = [params["model"], *params["inputs"], params["arch"] or "", params["targets"] or ""]
    code = [text for text in named if is_spec(text) and not text.startswith(LIBRARIES)]
    return [*code, params["model"]] if params["trust"] else code


def parse_request(model: str, inputs: tuple[str, ...], given: dict[str, Any]) -> Request:
    """Return the request that arguments and options make, if it can be met at all."""
    from spectra import Options, load, run
    from spectra.inputs import check_inputs

    loading = {name: given.pop(name) for name in LOADING}
    loading["arch_args"] = load.parse_arch_args(given.pop("arch_args"))
    given["call_args"] = load.parse_arch_args(given.pop("call_args"), "call_arg")
    source = inputs[0] if len(inputs) == 1 else list(inputs) or None
    options = Options(**given)
    load.check_source(model, arch=loading["arch"], trust=loading["trust"])
    check_inputs(source)
    run.check_options(options)
    return Request(model, loading, source, options)
