"""Options of ``spectra repair``."""

from __future__ import annotations

import click

from spectra_cli._options import AS_JSON, COUNT, FILE, FORCE, option, section

repair_options = section(
    "Repair",
    option(
        "--train",
        type=click.Choice(["steps", "behind", "decoder"]),
        default="behind",
        help="What may change in the end: the steps, those and all behind, or the whole decoder "
        "[default: behind].",
    ),
    option(
        "--passes",
        type=COUNT,
        default=60,
        metavar="N",
        help="Forward and backward passes over half of INPUTS, at most [default: 60].",
    ),
    option(
        "--minutes",
        type=click.FloatRange(min=0, min_open=True),
        metavar="M",
        help="Begin no pass after so long [default: no limit].",
    ),
    option(
        "--with",
        "remedy",
        metavar="REMEDY",
        help="lctc7, lctc11+3, ...: swap the steps first; training: the model's own layers alone; "
        "filter: no training, a layer behind the output; spin: no training, the model runs on "
        "shifts of its input [default: training, of lctc7 where no step has weights; a filter "
        "where that is not enough].",
    ),
    option("--steps", default="*", metavar="GLOB", help="Only the steps whose name matches."),
    option("--unseen", is_flag=True, help="Repair a grid that nobody sees, too."),
)
repaired_options = section(
    "Result",
    option("--out", type=FILE, metavar="DIR", help="Where to [default: spectra-out/NAME-repair]."),
    FORCE,
    AS_JSON,
)
