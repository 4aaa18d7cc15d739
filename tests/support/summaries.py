"""Summaries with every number set by hand: what report and the command line are tested on."""

from dataclasses import replace

from spectra.capture import Growth
from spectra.explain import RunRecord, StepRow, Summary
from spectra.explain._summary import Finding, InputRow, OutputRow, StepName
from spectra.inputs import InputSet
from spectra.inputs._input_set import Dropped as DroppedInput
from spectra.load import ModelSource as Model
from spectra.probe import FlatLines
from spectra.score import AtOutput, Score

PRESENT = Score(
    a_db=26.8,
    asr_dbc=-13.2,
    asr_ci95_dbc=(-13.9, -12.5),
    asr_upper_dbc=-12.5,
    line_dbc=-14.0,
    replica_dbc=-21.1,
    z=48.3,
    p=1e-4,
    verdict="present",
    prominence_db=17.5,
    lock_index=0.92,
    period=(2, 2),
    replicates=64,
    maps=1024,
)
FAINT = replace(
    PRESENT,
    a_db=7.5,
    asr_dbc=-33.4,
    asr_ci95_dbc=(-35.0, -31.9),
    asr_upper_dbc=-31.9,
    z=4.1,
    p=0.004,
    verdict="suspect",
    period=(4, 4),
)
NOTHING = Score(
    a_db=0.0,
    asr_upper_dbc=-47.2,
    z=0.3,
    p=0.41,
    verdict="none",
    replicates=64,
    maps=1024,
    reason="nothing above the floor",
)
UNSCORED = Score(reason="too small: 12x12 px inside the margin, 16 px needed at period 2")
GONE = AtOutput(
    None, None, None, p=0.38, verdict="none", reason="no grid at its frequencies (p = 0.38)"
)
AT_LEAST = AtOutput(
    None,
    None,
    12.0,
    p=1e-3,
    verdict="present",
    reason="all the power may be locked: only a lower bound is known",
    locked_lower_dbc=31.2,
)
UNKNOWN = AtOutput(None, None, None, reason="its period in the output is not known")
INHERITED = AtOutput(
    None, None, None, verdict="none", reason="every peak at its frequencies is inherited"
)
OUTPUT = replace(
    PRESENT,
    a_db=18.1,
    asr_dbc=-22.0,
    asr_ci95_dbc=(-22.9, -21.2),
    asr_upper_dbc=-21.2,
    grey_levels=0.91,
)


def step(name: str, score: Score, *, call: int = 0, kind: str = "transposed_conv") -> StepRow:
    """Return a step of factor 2 whose peaks reach the output 8.8 dB lower."""
    kernel = (3, 3) if kind == "transposed_conv" else None
    at_output = GONE if score.verdict == "none" else UNKNOWN
    if score.verdict != "none" and score.asr_dbc is not None:
        at_output = reaching(score.asr_dbc - 8.8, -8.8)
    return StepRow(
        name=name,
        call=call,
        kind=kind,
        factor=(2, 2),
        kernel_size=kernel,
        stride=(2, 2) if kernel else None,
        groups=1 if kernel else None,
        input_shape=(64, 128, 128),
        output_shape=(32, 256, 256),
        period_in_output=score.period,
        score=score,
        out_of_band_dbc=-9.1,
        at_output=at_output,
        flat_field=FlatLines(-15.1, 512, True, None),
        cause=Finding("overlap", "kernel 3 is no multiple of stride 2"),
        advice=Finding("kernel-multiple", "use kernel 4 at stride 2"),
    )


def reaching(locked_dbc: float, change_db: float | None = None) -> AtOutput:
    """Return what stands for a step whose grid is in the output."""
    return AtOutput(locked_dbc, change_db, 12.0, p=1e-3, verdict="present")


def summary() -> Summary:
    """Return a decoder whose last step draws a checkerboard."""
    steps = (
        step("decoder.blocks.0.upsample.interpolate_features", NOTHING, kind="bilinear"),
        step("decoder.blocks.1.up", FAINT, kind="pixel_shuffle", call=1),
        step("decoder.blocks.2.upsample.transposed_convolution", PRESENT),
        replace(
            step("decoder.aux.up", Score(reason="input too small: 12 px, 16 needed")),
            flat_field=FlatLines(None, None, False, "the model refused a constant input"),
        ),
    )
    return Summary(
        spectra_version="0.1.0",
        created="2026-01-02T03:04:05+00:00",
        model=Model("models/deblur.pth", "ab" * 32, "state_dict", "NAFNet", 17_112_345),
        inputs=InputSet(
            *("pictures/", "images", 66, 64),
            dropped=(
                DroppedInput("pictures/a.png", "1x1 pixels"),
                DroppedInput("pictures/b.png", "truncated"),
            ),
            shape=(3, 256, 256),
        ),
        run=RunRecord("cpu", "float32", 2, 0, {"num": 64, "range": "0..1"}, "2.13.0", 41.3, 30.9),
        verdict="present",
        worst=StepName("decoder.blocks.2.upsample.transposed_convolution", 0),
        input=InputRow(replace(NOTHING, asr_upper_dbc=-50.1)),
        output=OutputRow(OUTPUT, (), None, "the model has no total stride"),
        steps=steps,
        unexplained_growth=(Growth("encoder.stem", (3, 64, 64), (16, 128, 128)),),
        warnings=(
            Finding("loading", "weights under key 'params_ema'"),
            Finding("range", "the output leaves 0..1: were the pictures scaled as trained?"),
        ),
        answer={
            "verdict": "Artifact present: the output holds a grid at -22.0 dBc (95 % interval "
            "-22.9 to -21.2), p < .001 against 9999 randomly shifted grids.",
            "where": "Born at decoder.blocks.2.upsample.transposed_convolution (transposed "
            "convolution 3/2); later layers remove 8.8 dB of it.",
            "looks": "A checkerboard of period 2x2 px, 0.9 of 255 grey levels RMS.",
            "why": "Kernel 3 is no multiple of stride 2, so neighbouring pixels get unequal sums. "
            "Not inherited: the pictures show nothing at these frequencies.",
            "try": "Kernel 4 at stride 2 (+78 % weights in this layer); effect not measured.",
            "trust": "64 pictures of 256x256, Hann tiles, cpu, seed 0, torch 2.13.0.",
        },
    )


def unasked(read: Summary) -> Summary:
    """Return a summary without the command that asked for it."""
    return replace(read, run=replace(read.run, command=None, arguments=None))


def clean() -> Summary:
    """Return a decoder without any peak."""
    return replace(
        summary(),
        verdict="none",
        worst=None,
        output=OutputRow(NOTHING, (), None, None),
        steps=(step("up", NOTHING),),
        answer={"verdict": "No artifact found."},
        warnings=(),
        unexplained_growth=(),
    )
