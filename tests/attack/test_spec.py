"""An attack as a line of text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra.attack import AttackSpec
from spectra.errors import ParameterError

PSI = st.sampled_from([None, "channels", "rows", "sigmoid"])
METHODS = st.just(("pgd", None)) | PSI.map(lambda psi: ("cospgd", psi))
SPECS = st.builds(
    lambda method, **rest: AttackSpec(method[0], psi=method[1], **rest),
    method=METHODS,
    eps=st.floats(1e-4, 2) | st.integers(1, 64).map(lambda n: n / 255),
    alpha=st.none() | st.floats(1e-4, 1),
    steps=st.none() | st.integers(1, 100),
    loss=st.sampled_from(["l1", "l2", "charbonnier", "psnr", "epe"]),
    norm=st.sampled_from(["linf", "l2"]),
    start=st.sampled_from([None, "random", "clean"]),
    targeted=st.booleans(),
    keep=st.sampled_from(["last", "best"]),
    seed=st.integers(0, 2**63 - 1),
)


@given(spec=SPECS)
def test_a_spec_is_read_back_from_its_text(spec):
    assert AttackSpec.parse(str(spec)) == spec


@pytest.mark.parametrize(
    "text",
    [
        "fgsm:eps=8/255,loss=l1",
        "pgd:eps=4/255,alpha=0.01,steps=20,loss=cross_entropy",
        "segpgd:eps=0.03,alpha=0.01,steps=10,loss=cross_entropy",
        "cospgd:eps=8/255,alpha=0.01,steps=10,loss=l1,psi=channels",
    ],
)
def test_a_full_text_is_printed_as_it_was_typed(text):
    assert str(AttackSpec.parse(text)) == text


def test_what_is_not_said_is_that_of_the_paper():
    spec = AttackSpec.parse("pgd")
    assert (spec.eps, spec.alpha, spec.steps, spec.start) == (8 / 255, 0.01, 10, "random")
    assert AttackSpec.parse("segpgd").loss == "cross_entropy"
    once = AttackSpec.parse("fgsm:eps=0.03,loss=l2")
    assert (once.alpha, once.steps, once.start) == (0.03, 1, "clean")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pdg", "did you mean"),
        ("pgd:epsilon=8/255", "did you mean psi or eps or steps?"),
        ("pgd:eps=eight", "eps='eight': expected a number such as 0.03 or 8/255"),
        ("pgd:eps=8/0", "expected a number"),
        ("pgd:eps=-1", "expected a number above 0"),
        ("pgd:eps=nan", "expected a number above 0"),
        ("pgd:eps", "without a value"),
        ("pgd:eps=1,eps=2", "says eps twice"),
        ("pgd:steps=0", "steps=0 is not a count"),
        ("pgd:steps=2.5", "expected an integer"),
        ("fgsm:steps=3", "expected method pgd"),
        ("pgd:loss=mse", "expected one of l1"),
        ("segpgd:loss=l1", "expected loss=cross_entropy"),
        ("cospgd:loss=cross_entropy,psi=rows", "does not fit classes"),
        ("pgd:psi=rows", "it is for cospgd alone"),
        ("pgd:targeted=maybe", "expected true or false"),
        ("pgd:seed=-1", "expected an integer from 0"),
    ],
)
def test_a_wrong_text_is_told_with_what_to_type(text, said):
    with pytest.raises(ParameterError, match=said.replace("?", r"\?")):
        AttackSpec.parse(text)
