"""Options that commands share, in sections of the help text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spectra_cli._sections import SectionedCommand, option, section

__all__ = ["SectionedCommand", "option", "section"]


def _numbers(_: click.Context, __: click.Parameter, text: str | None) -> tuple[float, ...] | None:
    try:
        return None if text is None else tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no list of numbers like 0.5,0.5,0.5") from error


def comma_names(_: click.Context, __: click.Parameter, text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


LIST: dict[str, Any] = {"metavar": "LIST", "callback": comma_names}
COUNT = click.IntRange(min=1, max=2**31 - 1)
THREADS = click.IntRange(min=1, max=1024)
FILE = click.Path(path_type=Path)

LOADING = (
    option(
        "--arch",
        help="Builds the model: file.py:factory, pkg.mod:factory, spandrel:NAME, torchvision:NAME, "
        "timm:NAME, smp:NAME, diffusers:NAME, hf:NAME, hf:FOLDER.",
    ),
    option(
        "--arch-arg",
        "arch_args",
        multiple=True,
        metavar="NAME=VALUE",
        help="Argument of the factory; repeat for more.",
    ),
    option("--key", help="Where the weights are in the checkpoint."),
    option("--strip-prefix", metavar="TEXT", help="Removed from the names of the weights."),
    option("--strict/--no-strict", default=True, help="Refuse weights that do not fit."),
    option("--trust", is_flag=True, help="Run code that the file carries."),
)
MACHINE = (
    option("--device", default="auto", help="auto, cpu or cuda [default: auto]."),
    option("--threads", type=THREADS, metavar="N", help="CPU threads."),
    option("--seed", type=int, metavar="N", default=0, help="Of everything random [default: 0]."),
)
FORCE = option("--force", is_flag=True, help="Replace an old result.")
AS_JSON = option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")

weight_options = section("Model", *LOADING)
loading_options = section(
    "Model",
    *LOADING,
    option("--call", default="forward", metavar="METHOD", help="What to call instead of forward."),
    option(
        "--call-arg",
        "call_args",
        multiple=True,
        metavar="NAME=VALUE|FILE",
        help="What it is given beside INPUTS, a number or a file of one tensor; repeat for more.",
    ),
    option(
        "--output",
        metavar="NAME|INDEX",
        help="Which of several tensors that it returns [default: the largest map behind a step].",
    ),
)
input_options = section(
    "Inputs",
    option("--range", metavar="A..B", help="Values the model expects: 0..1, -1..1, 0..255."),
    option("--mean", metavar="M,M,M", callback=_numbers, help="Subtract from the channels."),
    option("--std", metavar="S,S,S", callback=_numbers, help="Divide the channels by."),
    option("--gray", is_flag=True, help="Read pictures as one channel."),
    option("--bgr", is_flag=True, help="Give pictures as blue, green, red, as OpenCV reads them."),
    option("--multiple", type=COUNT, metavar="PX", help="Crop to a multiple of this."),
    option("--crop", type=COUNT, metavar="PX", help="Crop to this size."),
    option("--num", type=COUNT, metavar="N", default=64, help="How many to use [default: 64]."),
    option(
        "--layout",
        type=click.Choice(["NCT", "NTC", "NT", "CT", "TC"], case_sensitive=False),
        help="Axes of an array of signals: samples, channels, time [default: what runs].",
    ),
    option("--batch", type=COUNT, metavar="N", help="At a time [default: what fits 256 MiB]."),
)
run_options = section(
    "Run",
    option("--list", "list_only", is_flag=True, help="Only show the steps."),
    option("--steps", metavar="GLOB", help="Only the steps whose name matches."),
    option(
        "--layers",
        multiple=True,
        metavar="GLOB",
        help="Also the outputs of these modules; repeat for more.",
    ),
    option(
        "--blame/--no-blame",
        default=True,
        help="What the output loses without the grid of each step: up to ten more passes.",
    ),
    option(
        "--sample-rate",
        type=float,
        metavar="HZ",
        help="Of the output along time, to tell frequencies in Hz [default: that of the files].",
    ),
    option(
        "--probe",
        metavar="SPEC",
        help="Also the lines that a constant leaves: silence, or constant=-11.5.",
    ),
    option(
        "--attack",
        metavar="SPEC",
        help="Also attacked: pgd, fgsm, segpgd or cospgd, such as pgd:eps=8/255,steps=5,loss=l1.",
    ),
    option(
        "--targets",
        metavar="DIR",
        help="What outputs should be, for --attack [default: what they are without it].",
    ),
    *MACHINE,
)
ANALYSIS = (
    FORCE,
    option(
        "--formats",
        default="json,nc,png,html",
        **LIST,
        help="Some of json,nc,png,pdf,html [default: json,nc,png,html].",
    ),
    option("--explain", is_flag=True, help="Say what the columns mean, and all that was found."),
    AS_JSON,
)
result_options = section(
    "Result",
    option("--out", type=FILE, metavar="DIR", help="Where to [default: spectra-out/NAME]."),
    *ANALYSIS,
)
kernel_options = section(
    "Kernels",
    option(
        "--stride",
        "strides",
        multiple=True,
        metavar="NAME=N",
        help="This weight is of a transposed convolution of stride N; repeat for more.",
    ),
    option(
        "--shuffle",
        "shuffles",
        multiple=True,
        metavar="NAME=N",
        help="This weight is of the convolution before a pixel shuffle by N; repeat for more.",
    ),
    option(
        "--spectrum",
        default="1/f^2",
        metavar="LAW",
        help="Inputs that energies assume: white, 1/f^2 or another exponent [default: 1/f^2].",
    ),
)
table_options = section(
    "Result",
    option("--out", type=FILE, metavar="DIR", help="Where to [default: spectra-out/NAME-kernels]."),
    FORCE,
    option(
        "--formats",
        default="json,csv,nc,png,html",
        **LIST,
        help="Some of json,csv,nc,png,pdf,html [default: json,csv,nc,png,html].",
    ),
    AS_JSON,
)
gate_options = section(
    "Gate",
    option("--fail-above", metavar="DB", type=float, help="Exit 1 if A of the output is above."),
    option(
        "--fail-on",
        type=click.Choice(["faint", "visible", "strong"]),
        help="Exit 1 if the grid of the output is so severe, or more.",
    ),
    option(
        "--baseline",
        type=FILE,
        metavar="SUMMARY.JSON",
        help="Exit 1 if a row is above the same row there.",
    ),
)
compared_inputs = section(
    "Inputs",
    option(
        "--inputs",
        multiple=True,
        metavar="PATH",
        help="What models run on, all of them on the same; repeat for more. Not for results.",
    ),
)
compare_run_options = section(
    "Run",
    option("--steps", metavar="GLOB", help="Only the steps whose name matches."),
    *MACHINE,
)
comparison_options = section(
    "Result",
    option("--out", type=FILE, metavar="DIR", help="Write comparison.json and figures there."),
    FORCE,
    option(
        "--formats",
        default="json,png,html",
        **LIST,
        help="Some of json,png,pdf,html [default: json,png,html].",
    ),
    option("--per-image", type=FILE, metavar="FILE", help="Of pictures: a row each, as CSV."),
    option("--explain", is_flag=True, help="Say what the columns mean."),
    AS_JSON,
    option("--markdown", "as_markdown", is_flag=True, help="Print a table for a pull request."),
)
picture_options = section(
    "Pictures",
    option(
        "--ref",
        multiple=True,
        metavar="PATH",
        help="Pictures of the same history without what is asked about: what they carry as "
        "strongly does not count; repeat for more.",
    ),
    option("--num", type=COUNT, metavar="N", help="How many to use at most [default: all]."),
    option(
        "--recipe",
        "recipes",
        default="",
        **LIST,
        help="Also what papers measure: some of corvi2023,synthbuster2023.",
    ),
)
picture_result_options = section(
    "Result",
    option("--out", type=FILE, metavar="DIR", help="Where to [default: spectra-out/NAME-images]."),
    FORCE,
    option(
        "--formats",
        default="json,csv,nc,png,html",
        **LIST,
        help="Some of json,csv,nc,png,pdf,html [default: json,csv,nc,png,html].",
    ),
    option("--per-image", type=FILE, metavar="FILE", help="Also write a row a picture as CSV."),
    option("--explain", is_flag=True, help="Show all points, and say what they mean."),
    AS_JSON,
)
picture_gate_options = section(
    "Gate",
    option(
        "--fail-above", metavar="DB", type=float, help="Exit 1 if the ripple of a grid is above."
    ),
    option(
        "--fail-on",
        type=click.Choice(["faint", "visible", "strong"]),
        help="Exit 1 if the grid is so severe, or more.",
    ),
)
change_options = section(
    "Gate",
    option(
        "--fail-worse",
        metavar="DB",
        type=float,
        help="Exit 1 if the last output is worse than the first by more than this, its whole "
        "interval above it.",
    ),
    option(
        "--fail-on",
        type=click.Choice(["faint", "visible", "strong"]),
        help="Exit 1 if the grid of the last output is so severe, or more.",
    ),
    option("--junit", type=FILE, metavar="FILE", help="Also write JUnit's XML, for a build."),
)
swap_options = section(
    "Swap",
    option(
        "--with",
        "remedy",
        required=True,
        metavar="REMEDY",
        help="lctc7, lctc11+3, nearest+conv3, bilinear+conv3, shuffle+box, sinc11, ...",
    ),
    option("--steps", metavar="GLOB", help="Only the steps whose name matches."),
    option("--layers", multiple=True, hidden=True),  # what --steps was once called, see swap
    option(
        "--init",
        type=click.Choice(["keep", "sinc", "icnr", "default"]),
        default="keep",
        help="keep: the same function, which cures nothing before a repair or training "
        "[default: keep].",
    ),
    option(
        "--repair",
        type=COUNT,
        metavar="N",
        help="Then fine-tune the new layers without labels, in N passes over half of INPUTS, so "
        "that the output stays and its grid goes; judged on the other half. Try 30.",
    ),
)
machine_options = section("Run", *MACHINE)
saving_options = section(
    "Result",
    option("--save", is_flag=True, help="Write the new weights, the plan and a report."),
    option("--out", type=FILE, metavar="DIR", help="Where to [default: spectra-out/NAME-swap]."),
    FORCE,
    AS_JSON,
)
