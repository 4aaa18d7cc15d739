"""Figure 4: what is drawn of a block is what it computes, and arrows are where a network grows."""

import re

import pytest
import torch
from torch import nn

RED = "#D62728"


def as_drawn(stages, x):
    """Return what the boxes of a block compute, from top to bottom, parallel ones summed."""
    for stage in stages:
        last = isinstance(stage[0], nn.LayerNorm | nn.Linear)  # these take channels last
        x = sum(layer(x.movedim(1, -1)).movedim(-1, 1) if last else layer(x) for layer in stage)
    return x


@pytest.mark.parametrize("kind", list("abcdef"))
def test_a_block_computes_what_is_drawn_of_it(script, kind, generator):
    module = script("fig4_blocks")
    block = module.blocks(kernel=5, small=3)[kind].eval()
    x = torch.randn(2, 2 * module.WIDTH, 6, 5, generator=generator)
    drawn = module.stages(block)
    with torch.no_grad():
        torch.testing.assert_close(as_drawn(drawn, x), block(x))
    held = [m for m in block.modules() if not list(m.children())]
    assert [layer for stage in drawn for layer in stage] == held


@pytest.fixture
def figure(script):
    return script("fig4_blocks").draw(kernel=11, small=5)


def test_every_layer_has_a_box_that_says_its_size(figure):
    boxes = [text.get_text() for text in figure.axes[1].texts if text.get_gid() == "layer"]
    transposed = [text for text in boxes if text.startswith("transposed")]
    found = [re.search(r"(\d+)×\1", text)[1] for text in transposed]
    assert found == ["5", "11", "11", "5"]  # a; b; c: large beside small
    assert all("stride 2" in text for text in transposed)
    of_d, of_e = ["conv. 3×3\n2c → c/2", "conv. 3×3\nc/2 → c"], "grouped\nconv. 11×11\n2c → c/2"
    assert [text for text in boxes if "conv. 3×3" in text] == of_d
    assert boxes.count(of_e) == 2
    assert boxes.count("grouped\nconv. 5×5\n2c → c/2") == 1
    assert [boxes.count(word) for word in ("batch norm.", "ReLU", "layer norm.", "GELU")] == [2] * 4
    assert (boxes.count("linear\nc/2 → 2c"), boxes.count("linear\n2c → c")) == (2, 2)
    assert len(boxes) == 4 + 6 + 5 + 6


def test_titles_run_from_a_to_f(figure):
    titles = [text.get_text() for text in figure.axes[1].texts if text.get_text()[1:2] == ")"]
    assert [title[0] for title in titles] == list("abcdef")


def test_red_arrows_stand_at_the_three_steps_that_the_paper_exchanges(figure):
    network = figure.axes[0]
    steps = [text for text in network.texts if text.get_text().startswith("×")]
    assert [(text.get_text(), text.get_color() == RED) for text in steps] == [
        ("×2", True),
        ("×2", True),
        ("×2", True),
        ("×4", False),
    ]


def test_the_way_is_that_of_the_published_decoder(script):
    """From 1/32 of the picture to 1/4, an encoder's map of the same size beside each; then to 1."""
    way = script("fig4_blocks").way()
    assert way.encoder == [32, 32, 16, 8, 4]
    assert [step.output_shape[-1] for step in way.steps] == [8, 16, 32, 128]
    beside = [(encoded, ran) for encoded, ran, _ in way.joined]
    assert beside == [(3, 1), (2, 2), (1, 3), (0, 3)]


def test_a_layer_without_a_picture_is_refused(script):
    with pytest.raises(TypeError, match="Dropout"):
        script("fig4_blocks").words(nn.Dropout())


@pytest.mark.parametrize(
    ("inputs", "outputs", "said"),
    [(64, 64, "c → c"), (128, 32, "2c → c/2"), (48, 192, "3c/4 → 3c")],
)
def test_channels_are_told_in_parts(script, inputs, outputs, said):
    words = script("fig4_blocks").words(nn.Linear(inputs, outputs), channels=64)
    assert words == f"linear\n{said}"
