"""Which files may hold weights, and what to do with those that do not."""

from pathlib import Path

from spectra._files import DESCRIPTION, Format, recognise
from spectra.errors import LoadError

PROGRAMS: frozenset[Format] = frozenset({"torchscript", "torch_export"})
WEIGHTS = PROGRAMS | {"safetensors", "torch_zip", "torch_legacy", "pickle"}

WEIGHTS_EXPECTED = "expected weights (torch.save or safetensors), or a factory such as net.py:make"
_WEIGHTS_ADVICE: dict[Format, str] = {
    "compiled_program": "give the torch.export program or the weights it was compiled from",
    "onnx": "'spectra analyze' takes a graph as it is; else give the PyTorch checkpoint it was "
    "exported from and name its class with --arch",
    "tensorflow": "rewrite its weights as a state_dict of a PyTorch module "
    "and name that module with --arch",
    "tflite": "rewrite its weights as a state_dict of a PyTorch module "
    "and name that module with --arch",
    "tensorrt": "give the PyTorch weights it was built from and name their class with --arch",
    "keras": "rewrite its weights as a state_dict of a PyTorch module "
    "and name that module with --arch",
    "gguf": "use the original safetensors file of the same model",
    "npy": "give it as INPUTS, after the model",
    "npz": "give it as INPUTS, after the model",
    "hdf5": "give it as INPUTS, after the model, if it is netCDF; rewrite Keras weights as a "
    "PyTorch state_dict",
    "netcdf3": "give it as INPUTS, after the model",
    "picture": "give it as INPUTS, after the model",
    "lfs_pointer": "run 'git lfs pull' in its repository, then try again",
    "html": "download the file itself (the 'raw' or 'resolve' address), then try again",
    "json": "give the .safetensors or .pth file that lies beside it",
    "text": "give the file that holds the weights",
    "tar": "unpack it ('tar xf FILE'), then give the weights inside",
    "compressed": "unpack it, then give the weights inside",
    "zip": "unpack it, then give the weights inside",
    "truncated_zip": "download or copy it again and compare its size",
    "truncated_safetensors": "download or copy it again and compare its size",
    "empty": "download or save it again",
    "special": "copy what it gives to a file",
    "unknown": "save the weights again with torch.save(model.state_dict(), FILE)",
}


def check_weights(path: Path, *, trust: bool) -> Format:
    """Return what the file ``path`` is, if that may hold weights and may be opened.

    Raises
    ------
    LoadError
        If it is something else, or a program, which runs code when opened, without ``trust``.
    """
    found = recognise(path)
    if found not in WEIGHTS:
        advice = _WEIGHTS_ADVICE.get(found, "give the file that holds the weights")
        raise LoadError(f"{path} is {DESCRIPTION[found]}; {WEIGHTS_EXPECTED}; {advice}")
    if found in PROGRAMS and not trust:
        raise LoadError(
            f"{path} is {DESCRIPTION[found]}, which can run code when opened: expected plain "
            "weights; if you trust its author add --trust (trust=True), else save "
            "model.state_dict() and give --arch"
        )
    return found
