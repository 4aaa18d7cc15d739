"""Loaders, datasets, iterators and functions give their tensors, again and again."""

import random

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from spectra.errors import InputError, NothingToAnalyseError
from spectra.inputs import open_inputs


@pytest.fixture
def x(generator):
    return torch.randn(10, 3, 8, 6, generator=generator)


def all_of(inputs, size=4):
    return torch.cat(list(inputs.batches(size)))


class Endless(IterableDataset):
    def __iter__(self):
        return iter(torch.arange(8.0)[None] + index for index in range(10**9))


def sources(x):
    halves = [x[:5], x[5:]]
    return {
        "list": halves,
        "iterator": iter(halves),
        "arrays": [half.numpy() for half in halves],
        "pairs": [(half, 3) for half in halves],
        "dicts": [{"label": 1, "image": half} for half in halves],
        "loader": DataLoader(TensorDataset(x, torch.arange(10)), batch_size=3),
        "dataset": TensorDataset(x),
        "function": lambda: iter(halves),
        "function of one tensor": lambda: x,
        "function of one array": x.numpy,
    }


@pytest.mark.parametrize("name", sources(torch.zeros(10)))
def test_streams_give_their_samples_in_order(x, name):
    inputs = open_inputs(sources(x)[name])
    assert (inputs.kind, inputs.count, inputs.shape) == ("callable", 10, (3, 8, 6))
    assert torch.equal(all_of(inputs), x)
    assert torch.equal(all_of(inputs, 7), x)


def test_a_function_in_a_file_is_called(tmp_path):
    code = (
        "import torch\ndef make():\n"
        "    return (torch.arange(16.0).reshape(2, 1, 8) + i + 0.5 for i in range(3))"
    )
    (tmp_path / "data.py").write_text(code)
    inputs = open_inputs(f"{tmp_path / 'data.py'}:make")
    assert all_of(inputs)[:, 0, 0].tolist() == [0.5, 8.5, 1.5, 9.5, 2.5, 10.5]
    assert inputs.source.endswith("data.py:make")
    with pytest.raises(InputError, match="did you mean make"):
        open_inputs(f"{tmp_path / 'data.py'}:mak")


def test_a_shuffling_loader_repeats_itself_and_leaves_the_callers_random_state(x):
    def states():
        return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002

    loader = DataLoader(TensorDataset(x), batch_size=3, shuffle=True)
    before = states()
    inputs = open_inputs(loader, seed=5)
    first = all_of(inputs)
    torch.rand(3)
    torch.set_rng_state(torch.tensor(before[0], dtype=torch.uint8))
    assert torch.equal(first, all_of(inputs))
    assert states() == before
    assert not torch.equal(first, x)
    assert torch.equal(first.flatten(1).sum(1).sort()[0], x.flatten(1).sum(1).sort()[0])


def test_an_endless_source_stops_at_num():
    inputs = open_inputs(Endless(), num=5)
    assert all_of(inputs)[:, 0, 0].tolist() == [0, 1, 2, 3, 4]


def test_a_source_is_read_no_further_than_asked(x):
    read = []

    def make():
        for index in range(10):
            read.append(index)
            yield x[index : index + 1]

    batches = open_inputs(make).batches(2)
    read.clear()
    next(batches)
    assert read == [0, 1]


def test_samples_of_other_shapes_or_not_finite_are_dropped(x):
    broken = x[2:3].clone()
    broken[0, 1, 2, 3] = torch.inf
    inputs = open_inputs([x[:2], broken, x[3:4, :, :4], x[4:5]])
    reasons = {d.source: d.reason for d in inputs.dropped}
    assert torch.equal(all_of(inputs), x[[0, 1, 4]])
    assert reasons == {
        "list[2]": "holds NaN or infinite values",
        "list[3]": "shape (3, 4, 6) is not that of the first, (3, 8, 6)",
    }


def fails():
    yield torch.ones(1, 1, 8)
    raise ValueError("no more\ndisk")


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (fails, InputError, "fails raised ValueError: no more: expected float tensors"),
        (lambda: [], NothingToAnalyseError, "gave no sample"),
        (lambda needed: [], InputError, "raised TypeError"),
        ([torch.zeros(2, 1, 8, dtype=torch.int64)], InputError, "int64 values"),
        ([np.zeros((2, 1, 8), complex)], InputError, "complex"),
        ([{"label": 3}], InputError, "gave a dict of label: expected a tensor"),
        (["a", 3], InputError, "gave a str: expected float tensors"),
        ([torch.tensor(3.0)], InputError, "a single number"),
    ],
)
def test_streams_of_something_else_are_refused(source, error, message):
    with pytest.raises(error, match=message):
        open_inputs(source)


def test_a_source_that_shrinks_is_an_error(x):
    lengths = iter([4, 4, 3])  # looked at, checked, read
    inputs = open_inputs(lambda: [x[: next(lengths)]])
    with pytest.raises(InputError, match="gave 3 samples, expected 4"):
        list(inputs.batches(2))
