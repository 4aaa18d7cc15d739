"""The pages of the site: those of the repository as they lie there, and one for each public module.

Every page keeps its place in the repository, so that a link that is good there is good here.
"""

import ast
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
PROJECT = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
SHOWN = ("README.md", *PROJECT, "LICENSE", "docs/**/*.md", "docs/images/*", "notebooks/*.ipynb")
LINK = re.compile(r"\]\(([\w/-]+\.md)\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Order the pages as the index of docs/ does."""
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = list(dict.fromkeys(f"docs/{page}" for page in LINK.findall(index)))
    config.nav = [
        {"Start": "README.md"},
        {"Pages": ["docs/README.md", *(page for page in pages if page.count("/") == 1)]},
        {"Recipes": [page for page in pages if page.startswith("docs/recipes/")]},
        {"Results": [page for page in pages if page.startswith("docs/results/")]},
        {"Reference": list(references())},
        {"Project": list(PROJECT)},
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Put the repository's own tree in the place of docs/, beside what the theme brings."""
    theme = [file for file in files if file.src_dir != config.docs_dir]
    paths = {path for pattern in SHOWN for path in ROOT.glob(pattern)}
    lying = [
        File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path))
        for path in sorted(paths)
    ]
    made = [File.generated(config, place, content=page) for place, page in references().items()]
    return Files([*theme, *lying, *made])


def references() -> dict[str, str]:
    """Return the page of each public module, by its place."""
    modules = ["spectra", *(f"spectra.{name}" for name in exported("spectra") if is_module(name))]
    return {f"reference/{module}.md": reference(module) for module in modules}


def reference(module: str) -> str:
    """Return the page of a module: what it is for, and each name that it exports."""
    names = [f"::: {module}.{name}" for name in exported(module) if not is_inner(module, name)]
    head = f"# {module}\n\n::: {module}\n    options:\n      members: false\n"
    return "\n\n".join([f"{head}      show_root_heading: false", *names])


def is_inner(module: str, name: str) -> bool:
    """Tell whether a name of a module has a page of its own."""
    return module == "spectra" and is_module(name)


def is_module(name: str) -> bool:
    """Tell whether a name of the package is a module that a user may import."""
    return source(f"spectra.{name}") is not None


def exported(module: str) -> list[str]:
    """Return the names in the ``__all__`` of a module."""
    path = source(module)
    assert path is not None, f"{module} is no module"
    body = ast.parse(path.read_text(encoding="utf-8")).body
    assigned = (node for node in body if isinstance(node, ast.Assign))
    (names,) = (node.value for node in assigned if ast.unparse(node.targets[0]) == "__all__")
    found: list[str] = ast.literal_eval(names)
    return found


def source(module: str) -> Path | None:
    """Return where a module lists what it exports: the stub of a package, or its own file."""
    place = ROOT.joinpath(*module.split("."))
    lists = (place / "__init__.pyi", place.with_suffix(".py"))
    return next((path for path in lists if path.is_file()), None)
