"""Random inputs are what their text says, and the same each time."""

import pytest
import torch

from spectra.errors import InputError
from spectra.inputs import open_inputs


@pytest.mark.parametrize("shape", [(100, 1, 1), (1, 512), (512,), (4, 8, 8), (2, 3, 4, 5)])
def test_the_shape_is_that_of_one_sample_taken_literally(shape):
    inputs = open_inputs(f"random:latent?shape={','.join(map(str, shape))}&n=5&seed=3")
    (batch,) = inputs.batches(8)
    assert batch.shape == (5, *shape)
    assert (inputs.kind, inputs.range) == ("latent", None)


def test_samples_repeat_for_any_batch_size_and_differ_by_seed():
    text = "random:latent?shape=4,8,8&n=6"
    first = torch.cat(list(open_inputs(text).batches(6)))
    assert torch.equal(first, torch.cat(list(open_inputs(text).batches(4))))
    assert torch.equal(first, torch.cat(list(open_inputs(f"{text}&seed=0", seed=7).batches(4))))
    other = torch.cat(list(open_inputs(text, seed=7).batches(4)))
    assert not torch.equal(first, other)
    assert torch.equal(other, torch.cat(list(open_inputs(f"{text}&seed=7").batches(4))))


def test_the_callers_random_state_stays():
    state = torch.get_rng_state()
    list(open_inputs("random:image?shape=3,8,8").batches(4))
    assert torch.equal(state, torch.get_rng_state())


def test_latents_are_standard_normal_and_pictures_uniform_in_range():
    latent = torch.cat(list(open_inputs("random:latent?shape=1,10000&n=4").batches(4)))
    assert abs(latent.mean()) < 0.03  # six standard errors of 40000
    assert abs(latent.std() - 1) < 0.03
    inputs = open_inputs("random:image?shape=1,100,100&n=4", range="-1..3")
    picture = torch.cat(list(inputs.batches(4)))
    assert (inputs.kind, inputs.range) == ("images", (-1, 3))
    assert -1 <= picture.min() < -0.99
    assert 2.99 < picture.max() <= 3


def test_num_limits_the_samples():
    inputs = open_inputs("random:latent?shape=3,4&n=100", num=10)
    assert (inputs.count, len(inputs)) == (100, 10)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("random:latnt?shape=1,2", "is no random input: did you mean latent"),
        ("random:latent", "has no shape: expected such as"),
        ("random:latent?shape=a,2", "shape='a': expected integers from 1"),
        ("random:latent?shape=0,2", "shape='0'"),
        ("random:latent?shape=1,2&n=-3", "n='-3'"),
        ("random:latent?shape=1,2&sed=3", "unknown part 'sed': did you mean seed"),
        ("random:latent?shape=1,2&dist=cauchy", "dist='cauchy': expected normal or uniform"),
        ("random:latent?shape", "cannot be read: expected such as"),
        ("random:latent?shape=1,2,3,4,5", "6 axes"),
    ],
)
def test_texts_of_another_form_are_refused(text, message):
    with pytest.raises(InputError, match=message):
        open_inputs(text)
