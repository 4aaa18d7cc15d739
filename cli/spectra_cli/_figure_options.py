"""Options of ``spectra figures``: what is drawn, how it looks, and where it goes."""

import click

from spectra_cli._options import AS_JSON, FILE, FORCE, LIST, option, section

figure_options = section(
    "Figures",
    option(
        "--fig",
        "figures",
        default="",
        **LIST,
        help="Some of strip,profiles,worst,slices,where,crop,spectrogram,kernels,layers,attack "
        "[default: all that RESULT can draw].",
    ),
    option(
        "--recipe",
        metavar="NAME",
        help="Spectra as a paper makes them: agnihotri2024, park-kim2022 [default: spectra].",
    ),
    option(
        "--style",
        type=click.Choice(["paper", "slides", "dark"]),
        default="paper",
        help="How figures look [default: paper].",
    ),
    option(
        "--width",
        metavar="LENGTH",
        help="Of each figure: 3.25in, 8.5cm, 86mm, 252pt [default: 6.75in on paper].",
    ),
    option("--dpi", type=int, default=300, metavar="N", help="Of pictures [default: 300]."),
    option(
        "--label",
        "labels",
        multiple=True,
        metavar="TEXT",
        help="What a RESULT is called; repeat for each [default: its folder's name].",
    ),
    option(
        "--table",
        default="",
        **LIST,
        help="The table of steps too: some of csv,md,latex.",
    ),
)
figure_result_options = section(
    "Result",
    option("--out", type=FILE, metavar="DIR", help="Where to [default: spectra-out/NAME-figures]."),
    FORCE,
    option(
        "--format",
        "formats",
        default="pdf,png",
        **LIST,
        help="Some of pdf,svg,png [default: pdf,png].",
    ),
    AS_JSON,
)
