from dataclasses import replace

from spectra.explain import FlatFieldRow, InputRow, OutputRow, StepName, answer
from spectra.score import Score
from support.summaries import NOTHING, OUTPUT, PRESENT, step, summary


def with_output(score, **changes):
    base = summary()
    row = OutputRow(score, changes.pop("inherited", ()), None, None)
    return replace(base, output=row, verdict=score.verdict, **changes)


def test_a_step_whose_grid_is_gone_in_the_output_is_said_to_be_removed():
    steps = (step("ups.1", PRESENT),)
    lines = answer(with_output(NOTHING, steps=steps, worst=StepName("ups.1", 0)))
    assert "born at ups.1" in lines["where"]
    assert "removed by later layers" in lines["where"]
    assert "looks" not in lines


def test_the_verdict_line_states_energy_interval_and_p():
    lines = answer(with_output(OUTPUT))
    for part in ("PRESENT", "-22.0 dBc", "(-22.9 to -21.2)", "A = 18.1 dB", "p = 0.0001"):
        assert part in lines["verdict"]


def test_inherited_peaks_are_named_as_the_inputs_own():
    lines = answer(with_output(NOTHING, inherited=((0.5, 0.5),)))
    assert "(1/2, 1/2)" in lines["not"]


def test_a_grid_of_the_inputs_is_a_doubt():
    doubtful = replace(with_output(OUTPUT), input=InputRow(PRESENT))
    assert "the inputs carry a grid of their own" in answer(doubtful)["but"]


def test_an_insufficient_output_says_why():
    lines = answer(with_output(Score(reason="too small: 8x8 px")))
    assert "too small: 8x8 px" in lines["verdict"]


def test_without_inputs_the_flat_field_is_what_is_told():
    base = summary()
    bare = replace(base, inputs=replace(base.inputs, used=0), verdict="insufficient")
    assert "-15.1 dB over the mean level at decoder" in answer(bare)["verdict"]
    told = replace(
        bare, output=replace(bare.output, flat_field=FlatFieldRow(-40.2, 512, True, None))
    )
    assert answer(told)["verdict"].endswith(", of -40.2 dB in the output")


def test_a_grid_of_several_periods_says_which_is_the_strongest():
    last = replace(step("up", PRESENT), period_in_output=(2, 2))
    coarse = with_output(replace(OUTPUT, period=(8, 8)), steps=(last,), worst=StepName("up", 0))
    looks = answer(coarse)["looks"]
    assert looks.startswith("period 8x8 px (both directions); strongest at that of the step named")
    alike = with_output(replace(OUTPUT, period=(2, 2)), steps=(last,), worst=StepName("up", 0))
    assert "strongest at" not in answer(alike)["looks"]


def test_the_grid_of_a_signal_is_told_in_samples():
    assert "period 4 samples" in answer(with_output(replace(OUTPUT, period=(4,))))["looks"]
