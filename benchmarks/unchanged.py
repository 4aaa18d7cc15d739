"""Show that a redesign changed no number: record what every command writes, and compare.

    python -m benchmarks.unchanged record FOLDER [NAME ...]
    python -m benchmarks.unchanged compare BEFORE AFTER [--tolerance 0]

``record`` runs analyze, kernels and a trial swap over the decoders of the demonstration, every
form of the zoo, every kind of step in one, two and three axes, random decoders, and, where the
real data are there (``SPECTRA_DATA`` or ``../shared/data``), the published decoders on small
pictures. It writes what the commands write, a folder a decoder; decoders that are there are not
run again. ``compare`` reads two such folders and prints every value that differs: numbers, words
and arrays; keys that came on top are listed and no difference.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from math import isclose
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from torch import Tensor, nn

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import spectra  # noqa: E402
from spectra import demo, load  # noqa: E402
from spectra.errors import SpectraError  # noqa: E402
from spectra.run import try_swap  # noqa: E402
from support.blocks import STEPS  # noqa: E402
from support.random_decoders import Recipe, build, draw, inputs_of  # noqa: E402
from support.realdata import DECODERS  # noqa: E402
from support.whole import small_flat_fields  # noqa: E402
from support.zoo import FORMS, Form  # noqa: E402

Case = Callable[[], tuple[nn.Module, Tensor]]
COUNT, SIDE = 16, 64
SIDES = {1: 64, 2: 20, 3: 8}
RANDOM = range(48)
PASSING = ("created", "elapsed_s", "forward_s", "spectra_version", "torch")
PASSING += ("milliseconds", "seconds")  # of a trial swap
REPAIRED = "demo small"
NAMED = 12  # differences that are printed of one decoder


def main() -> None:
    """Record or compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    record = commands.add_parser("record", help="run and keep what is written")
    record.add_argument("folder", type=Path)
    record.add_argument("names", nargs="*", help="of decoders; all by default")
    compared = commands.add_parser("compare", help="print what differs between two folders")
    compared.add_argument("before", type=Path)
    compared.add_argument("after", type=Path)
    compared.add_argument("--tolerance", type=float, default=0.0, help="relative, of numbers")
    compared.add_argument(
        "--renamed", default="", metavar="OLD=NEW", help="a word that is spelt anew in texts"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.command == "record":
        for name, case in cases().items():
            if not arguments.names or name in arguments.names:
                keep(name, case, arguments.folder)
    else:
        sys.exit(
            compare(
                arguments.before,
                arguments.after,
                tolerance=arguments.tolerance,
                renamed=arguments.renamed,
            )
        )


def cases() -> dict[str, Case]:
    """Return everything that is run, by name."""
    found: dict[str, Case] = {}
    for name in ("small", "lctc", "lctc_sinc"):
        found[f"demo {name}"] = lambda name=name: _demonstrated(name)
    for form in FORMS:
        found[f"form {form.name}"] = lambda form=form: _formed(form)
    for name, kind in STEPS.items():
        for axes in kind.axes:
            recipe = Recipe(axes, (SIDES[axes],) * axes, (name,))
            found[f"step {name}, {axes} axes"] = lambda recipe=recipe: _built(recipe)
    for seed in RANDOM:
        found[f"random {seed}"] = lambda seed=seed: _built(draw(seed))
    data = Path(os.environ.get("SPECTRA_DATA") or ROOT.parent / "shared" / "data")
    if data.is_dir():
        for name in DECODERS:
            found[f"published {name}"] = lambda name=name: _published(name, data)
    return found


def _demonstrated(name: str) -> tuple[nn.Module, Tensor]:
    loaded = load.load_model(demo.weights(name), arch=f"spectra.demo:{name}")
    return loaded.model, torch.from_numpy(demo.photographs())


def _formed(form: Form) -> tuple[nn.Module, Tensor]:
    torch.manual_seed(0)  # forms with weights draw them before the zoo seeds
    return form.network(), form.example(COUNT)


def _built(recipe: Recipe) -> tuple[nn.Module, Tensor]:
    return build(recipe), inputs_of(recipe)


def _published(name: str, data: Path) -> tuple[nn.Module, Tensor]:
    decoder = DECODERS[name]
    inputs = torch.from_numpy(decoder.inputs(data)[:COUNT])
    return decoder.load(data), inputs[..., :SIDE, :SIDE].contiguous()


def keep(name: str, case: Case, folder: Path) -> None:
    """Run every command over one decoder and keep what each writes, or how it ends."""
    target = folder / re.sub(r"[^\w.-]+", "_", name)
    if target.exists():
        return
    print(name, file=sys.stderr, flush=True)
    partial = target.with_name(f"{target.name}.new")
    partial.mkdir(parents=True, exist_ok=True)
    model, inputs = case()
    repair = 2 if name == REPAIRED else None

    def analyze() -> None:
        options = spectra.Options(layers=("*",) if name == REPAIRED else ())
        result = spectra.analyze(model, inputs, options=options)
        result.save(partial / "analyze", formats=("json", "nc"), force=True)
        (partial / "analyze.txt").write_text(re.sub(r"[\d.]+ s\b", "s", repr(result)))

    def kernels() -> None:
        (partial / "kernels.json").write_bytes(spectra.measure_kernels(model).json())

    def swap() -> None:
        trial = try_swap(model, inputs, repair=repair)
        (partial / "swap.json").write_bytes(trial.json())

    for stage in (analyze, kernels, swap):
        try:
            with small_flat_fields():
                stage()
        except SpectraError as error:
            (partial / f"{stage.__name__}.error").write_text(f"{type(error).__name__}: {error}")
    partial.rename(target)


def compare(before: Path, after: Path, *, tolerance: float, renamed: str) -> int:
    """Print what differs, and return 1 if anything does."""
    old_word, _, new_word = renamed.partition("=")
    names = sorted(path.name for path in before.iterdir() if not path.name.endswith(".new"))
    differing, values, added = 0, 0, Counter[str]()
    for name in names:
        if not (after / name).is_dir():
            print(f"{name}: was not run")
            differing += 1
            continue
        old, new = _values(before / name), _values(after / name)
        values += len(old)
        if old_word:  # and another length of a word breaks lines anew
            old, new = (
                {
                    key: " ".join(value.replace(old_word, new_word).split())
                    if isinstance(value, str)
                    else value
                    for key, value in found.items()
                }
                for found in (old, new)
            )
        wrong = [key for key in old if not _same(old[key], new.get(key), tolerance)]
        added.update(re.sub(r"\d+", "N", key) for key in new.keys() - old.keys())
        differing += bool(wrong)
        for key in wrong[:NAMED]:
            print(f"{name}: {key}: {_short(old[key])} -> {_short(new.get(key))}")
        if len(wrong) > NAMED:
            print(f"{name}: and {len(wrong) - NAMED} more")
    for key, count in sorted(added.items()):
        print(f"added {count} times: {key}")
    print(f"{len(names) - differing} of {len(names)} decoders unchanged, {values} values compared")
    return int(differing > 0)


def _values(folder: Path) -> dict[str, Any]:
    """Return every value that one decoder's files hold, by the path to it."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.suffix == ".json":
            found |= {
                f"{name}{key}": value for key, value in _leaves(json.loads(path.read_bytes()))
            }
        elif path.suffix == ".nc":
            found |= {f"{name}{key}": value for key, value in _arrays(path)}
        elif path.is_file():
            found[name] = path.read_text()
    return found


def _leaves(content: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every number and word of a JSON document, but times and versions."""
    if isinstance(content, dict):
        for key, value in content.items():
            if key not in PASSING:
                yield from _leaves(value, f"{at}/{key}")
    elif isinstance(content, list):
        yield f"{at}/length", len(content)
        for index, value in enumerate(content):
            yield from _leaves(value, f"{at}/{index}")
    else:
        yield at, content


def _arrays(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield every variable of a netCDF file, as an array."""
    with h5py.File(path) as file:
        found: dict[str, Any] = {}

        def visit(name: str, item: Any) -> None:
            if isinstance(item, h5py.Group):
                found.update({f"/{name}@{key}": value for key, value in item.attrs.items()})
            if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiubc":
                found[f"/{name}"] = item[()]

        file.visititems(visit)
    yield from found.items()


def _same(old: Any, new: Any, tolerance: float) -> bool:
    if isinstance(old, (np.ndarray, np.generic)):
        if not isinstance(new, (np.ndarray, np.generic)) or np.shape(old) != np.shape(new):
            return False
        if tolerance:
            most = float(np.abs(old).max(initial=0, where=np.isfinite(old)))
            return bool(np.allclose(old, new, tolerance, tolerance * most, equal_nan=True))
        return np.array_equal(old, new, equal_nan=np.asarray(old).dtype.kind in "fc")
    if isinstance(old, float) and isinstance(new, float):
        return isclose(old, new, rel_tol=tolerance) if tolerance else old == new
    return type(old) is type(new) and bool(old == new)


def _short(value: Any) -> str:
    return f"array {np.shape(value)}" if isinstance(value, np.ndarray) else repr(value)[:160]


if __name__ == "__main__":
    main()
