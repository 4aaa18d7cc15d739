"""What holds for the project as a whole, whatever a stage does."""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "matplotlib", "scipy", "xarray", "skimage", "torchvision"}
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|root|home|opt|mnt)/\w")
REGISTRY = re.compile(
    r"--(?:extra-)?index-url|--find-links|files\.pythonhosted\.org|pypi\.org/simple"
    r"|download\.pytorch\.org"
)


def loaded_in_turn(*statements):
    """Return what is loaded after each of some statements, run by one process in turn."""
    tell = "import json, sys\nprint(json.dumps(sorted(sys.modules)))"
    code = "\n".join(f"{statement}\n{tell}" for statement in statements)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [set(json.loads(line)) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def tracked():
    """Texts of all files under version control."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    texts = {}
    for path in paths:
        content = path.read_bytes() if path.is_file() else b""
        if b"\0" not in content[:8192]:
            texts[path.relative_to(ROOT).as_posix()] = content.decode()
    return texts


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Names of the files in a freshly built wheel."""
    from hatchling.builders.wheel import WheelBuilder

    folder = tmp_path_factory.mktemp("wheel")
    built = next(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"]))
    with ZipFile(built) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize(
    "statement",
    [
        "import spectra",
        "import spectra_cli.main",
        "import spectra.data, spectra.study",
        "from spectra.load import LoadedModel, check_source",
        "from spectra.inputs import Inputs, InputSet, check_inputs, check_reading",
    ],
)
def test_importing_loads_nothing_heavy(statement):
    (modules,) = loaded_in_turn(statement)
    assert modules & HEAVY == set()


def listed(stub):
    """Return the names that a stub exports."""
    tree = ast.parse((ROOT / "spectra" / stub).read_text())
    return next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    )


LIBRARIES = {
    "attack",
    "data",
    "images",
    "models",
    "study",
}  # used by themselves, and no stages of a run


def test_the_stages_have_no_more_public_names_than_a_reader_can_learn():
    rooms = {name for name in listed("__init__.pyi") if (ROOT / "spectra" / name).is_dir()}
    stages = sorted(rooms - LIBRARIES)
    public = {stage: len(listed(f"{stage}/__init__.pyi")) for stage in stages}
    found = sum(public.values())
    # 150 of what analysed one model on pictures; the others came with trainings, several things at
    # once, fields, shards, clusters, sound and repairs
    assert found <= 196, f"{found} public names: {public}"


def test_a_library_has_no_more_public_names_than_a_page_lists():
    public = {name: len(listed(f"{name}/__init__.pyi")) for name in LIBRARIES}
    assert max(public.values()) <= 24, public


def test_the_analysis_loads_little_beside_torch_and_xarray_and_the_library_no_pyplot():
    analysis, library = loaded_in_turn(
        "import spectra.run._analyze", "import spectra.report, spectra.plot"
    )
    late = {"scipy.optimize", "scipy.special", "scipy.linalg", "skimage", "PIL", "rich", "spandrel"}
    assert analysis & (late | {"matplotlib", "h5py", "h5netcdf"}) == set()
    assert library & {"torchvision", "matplotlib.pyplot"} == set()


@pytest.mark.parametrize(
    "name",
    [
        "spectra/py.typed",
        "spectra/__init__.pyi",
        "spectra/demo/MODEL_CARD.md",
        "spectra/demo/small.safetensors",
        "spectra/demo/lctc.safetensors",
        "spectra/demo/lctc_sinc.safetensors",
        "spectra_cli/py.typed",
        "spectra_cli/main.py",
    ],
)
def test_the_wheel_holds(wheel, name):
    assert name in wheel


def test_the_wheel_holds_the_two_packages_and_nothing_else(wheel):
    folders = {name.partition("/")[0] for name in wheel}
    assert {name for name in folders if not name.endswith(".dist-info")} == {
        "spectra",
        "spectra_cli",
    }


def test_the_wheel_holds_every_tracked_file_of_the_packages(wheel, tracked):
    packaged = {name for name in tracked if name.startswith("spectra/")}
    packaged |= {name.removeprefix("cli/") for name in tracked if name.startswith("cli/")}
    assert packaged - wheel == set()


def test_no_tracked_file_names_a_path_of_some_machine(tracked):
    found = {name: hit[0] for name, text in tracked.items() if (hit := MACHINE_PATH.search(text))}
    assert found == {}


def test_no_tracked_file_names_a_package_registry(tracked):
    this = Path(__file__).relative_to(ROOT).as_posix()
    found = {name: hit[0] for name, text in tracked.items() if (hit := REGISTRY.search(text))}
    found.pop(this, None)
    assert found == {}


def test_only_what_we_write_and_call_may_not_warn():
    """The compiler warns of a text; what runs warns of itself, or of the call that we make."""
    text = r"'\m'"
    compile(text, "/lib/python3/site-packages/other/module.py", "exec")
    with pytest.raises(SyntaxError, match="invalid escape sequence"):
        compile(text, str(ROOT / "spectra" / "module.py"), "exec")
    call = "import warnings\nwarnings.warn('old', DeprecationWarning)"
    with pytest.raises(DeprecationWarning, match="old"):
        exec(call, {"__name__": "other.module"})


def test_constraints_pin_exact_public_versions():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)


def test_everything_the_project_needs_is_pinned():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {re.match(r"[\w-]+", requirement)[0].lower() for requirement in needed}
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in lines}
    assert names - pinned == set()


def sources():
    """Return the syntax tree of every file of both packages, by name."""
    files = [*ROOT.glob("spectra/**/*.py"), *ROOT.glob("cli/**/*.py")]
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in files}


def test_no_call_of_ours_passes_more_than_four_arguments_without_their_names():
    """Options and sentences stand in rows; what is not ours has its own customs."""
    trees = sources()
    kinds = (ast.FunctionDef, ast.ClassDef)
    ours = {node.name for tree in trees.values() for node in ast.walk(tree) if type(node) in kinds}
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and len(node.args) > 4
        and getattr(node.func, "attr", getattr(node.func, "id", None)) in ours - {"section", "part"}
    ]
    assert len(trees) > 100
    assert found == []


def test_no_file_is_longer_than_four_hundred_lines():
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines())
        for folder in ("spectra", "cli", "benchmarks")
        for path in (ROOT / folder).glob("**/*.py")
    }
    assert {name: n for name, n in lengths.items() if n > 400} == {}
