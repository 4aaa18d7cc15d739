"""Options of runs in several processes: which share is measured, and how shares are merged."""

import click

from spectra_cli._options import ANALYSIS, FILE, option, section

shard_options = section(
    "Shards",
    option(
        "--shard",
        metavar="I/N|auto",
        help="Measure only the parts of 64 inputs whose number leaves I when divided by N; auto: "
        "as torchrun or SLURM tell. Then spectra merge OUT.",
    ),
    option(
        "--wait",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="For other shards, where inputs have to run again [default: 0].",
    ),
)
cluster_options = section(
    "Workers",
    option(
        "--workers",
        type=click.IntRange(min=1, max=4096),
        metavar="N",
        help="Processes on this machine that share the work, one a GPU where there are any.",
    ),
    option(
        "--scheduler",
        metavar="ADDRESS|FILE",
        help="Of a Dask cluster whose workers share the work: tcp://node1:8786, or what dask "
        "scheduler --scheduler-file wrote.",
    ),
)
merge_options = section(
    "Run",
    option("--trust", is_flag=True, help="Run the code that the shards were asked to run."),
    option("--device", metavar="NAME", help="auto, cpu or cuda [default: as the shards]."),
)
merged_options = section(
    "Result",
    option("--out", "target", type=FILE, metavar="DIR", help="Where to [default: OUT]."),
    *ANALYSIS,
)
