"""The scripts of figures/ as modules, and small networks in files for those that take some."""

import importlib.util
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "figures"
SIDE = 64  # of the pictures
UPSAMPLERS = {"shuffle": "published", "LCTC": "lctc7+3"}


@pytest.fixture
def script(monkeypatch):
    """Return a function that loads a script, which finds its neighbours as when it is run."""
    monkeypatch.syspath_prepend(FOLDER)

    def load(name):
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def network_files(tmp_path_factory):
    """Return files of weights of two small networks by their labels."""
    import torch
    from safetensors.torch import save_file

    from spectra.models import nafnet_small

    folder, files = tmp_path_factory.mktemp("networks"), {}
    for seed, (label, upsampler) in enumerate(UPSAMPLERS.items()):
        generator = torch.Generator().manual_seed(seed)
        model = nafnet_small(upsampler=upsampler, grouped=False)
        with torch.no_grad():
            for weight in model.parameters():  # gains too, else blocks and maps would be closed
                weight.copy_(0.2 * torch.randn(weight.shape, generator=generator))
        files[label] = folder / f"{label}.safetensors"
        save_file(model.state_dict(), files[label])
    return files


@pytest.fixture
def named(network_files):
    """Return the options that name the two networks."""
    options = ["--arch", "spectra.models:nafnet_small", "--arch-arg", "grouped=False"]
    for label, path in network_files.items():
        options += ["--model", f"{label}={path}", "--arch-arg", f"upsampler={UPSAMPLERS[label]}"]
    return options


@pytest.fixture
def models(script, named):
    """Return the two networks by their labels."""
    asked = script("_asked")
    return asked.networks(asked.parser("Draw.", out="x.png").parse_args(named))


@pytest.fixture
def pictures(script):
    """Return two blurred photographs, small, with what should come out."""
    asked = script("_asked")
    parsed = asked.parser("Draw.", out="x.png").parse_args(["--crop", str(SIDE)])
    return asked.pictures(parsed, None)


@pytest.fixture
def drawn_by_script(script, named, tmp_path, monkeypatch):
    """Return a function that runs a script on the two networks and returns its file."""

    def run(name, *options):
        out = tmp_path / "new" / f"{name}.png"
        fixed = ["--crop", str(SIDE), "--dpi", "60", "--out", str(out)]
        monkeypatch.setattr("sys.argv", [name, *named, *fixed, *options])
        script(name).main()
        return out.read_bytes()

    return run
