"""A run is a guest in somebody's program: it leaves everything as it was, or says why it cannot."""

import random
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import product

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.modules import module as registry

import spectra
from spectra.capture import discover, forward, quiet, stream
from spectra.errors import InputError, LoadError, ModelError, ParameterError, SpectraError

PICTURES = torch.rand(8, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def decoder():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1, output_padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 3, 3, padding=1),
    )


class Around(nn.Module):
    """A decoder in a forward of one's own."""

    def __init__(self, function):
        super().__init__()
        self.net, self.function = decoder(), function

    def forward(self, x):
        return self.function(self.net, x)


def energies(result):
    return [step.score.asr_dbc for step in result.summary.steps]


@cache
def expected():
    return energies(spectra.analyze(decoder(), PICTURES))


# -- left as it was ---------------------------------------------------------------------------


class Restless(nn.Module):
    """Changes everything that a forward pass can, in itself and in the process."""

    def __init__(self, error=None):
        super().__init__()
        self.net, self.norm, self.error = decoder(), nn.BatchNorm2d(3), error
        self.register_buffer("passes", torch.zeros(()))
        self.register_buffer("replaced", torch.zeros(3))
        self.register_buffer("repeated", torch.zeros(1).expand(4))
        self.average, self.cache, self.seen, self.number = torch.zeros(3), {}, [], 0

    def forward(self, x):
        self.number += 1
        self.passes += 1
        self.replaced = self.replaced + 1
        self.repeated[:1].add_(1)
        self.average.add_(x.mean())
        self.cache[tuple(x.shape)] = x
        self.seen.append(x)
        self.made = x
        np.random.rand()  # noqa: NPY002
        random.random()
        torch.rand(1)
        warnings.filterwarnings("ignore", f"pass {self.number}")
        y = nn.functional.batch_norm(
            self.net(x), self.norm.running_mean, self.norm.running_var, training=True
        )
        if self.error and self.number > 3:
            raise self.error
        return y


def process():
    """Return what of the process a run may have changed."""
    kept = np.random.get_state()[1:3]  # noqa: NPY002
    return (
        torch.get_rng_state().numpy().tobytes(),
        (kept[0].tobytes(), kept[1]),
        random.getstate(),
        list(warnings.filters),
        np.geterr(),
        torch.get_num_threads(),
        len(registry._global_forward_hooks) + len(registry._global_forward_pre_hooks),
    )


VERBS = {
    "analyze": lambda model: spectra.analyze(model, PICTURES),
    "list the steps": lambda model: spectra.run.list_steps(model, PICTURES),
    "swap": lambda model: spectra.run.try_swap(model, PICTURES),
    "discover": lambda model: discover(model, PICTURES[:1]),
}


@pytest.mark.parametrize("error", [None, RuntimeError("mine"), KeyboardInterrupt("stop")])
@pytest.mark.parametrize("verb", VERBS)
def test_model_and_process_are_left_as_they_were(verb, error):
    model = Restless(error)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    buffers = {name: id(value) for name, value in model.named_buffers()}
    attributes = {**vars(model), "seen": [], "cache": {}}
    before = process()
    try:
        VERBS[verb](model)
    except (SpectraError, KeyboardInterrupt):
        assert error is not None
    assert process() == before
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert {name: id(value) for name, value in model.named_buffers()} == buffers
    assert vars(model) == attributes
    assert torch.equal(model.average, torch.zeros(3))


def test_what_a_model_keeps_stays_for_all_passes_of_one_run():
    """A table drawn in the first pass is the same in each, and gone at the end."""

    class Drawn(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.table = decoder(), None

        def forward(self, x):
            if self.table is None:
                self.table = torch.rand(())
            tables.append(float(self.table))
            return self.net(x) + self.table

    tables, model = [], Drawn()
    spectra.analyze(model, PICTURES)
    assert len(set(tables)) == 1
    assert model.table is None


# -- two threads ------------------------------------------------------------------------------


def at_once(*models):
    """Analyse models in threads that begin together; return energies, or errors."""
    gate, results = threading.Barrier(len(models)), [None] * len(models)

    def run(index):
        gate.wait()
        try:
            results[index] = energies(spectra.analyze(models[index], PICTURES))
        except Exception as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(models))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def slow(net, x):
    """Let other threads run between the layers."""
    for layer in net:
        threading.Event().wait(0.002)
        x = layer(x)
    return x


def test_one_model_in_two_threads_is_right_in_both():
    model, before = Around(slow), process()
    assert at_once(model, model, model) == [expected()] * 3
    assert process() == before


def test_two_models_in_two_threads_are_right_in_both():
    before = process()
    assert at_once(Around(slow), Around(slow)) == [expected()] * 2
    assert process() == before


def test_a_model_that_the_program_runs_meanwhile_is_refused_or_right():
    model, stop, failed = Around(slow), threading.Event(), []

    def serve():
        with torch.no_grad():
            while not stop.is_set():
                try:
                    model(PICTURES[:1])
                except Exception as error:
                    failed.append(error)

    server = threading.Thread(target=serve)
    server.start()
    try:
        results = [one for _ in range(3) for one in at_once(model)]
    finally:
        stop.set()
        server.join()
    assert not failed
    for result in results:
        refused = isinstance(result, ModelError) and "in another thread" in str(result)
        assert refused or result == expected()


class Interleaved(nn.Module):
    """Enlarges by several operations, each of which looks like many others."""

    def forward(self, x):
        return torch.stack([x, x], -1).flatten(-2)


def test_a_tap_sees_nothing_of_another_thread():
    """It calls the model between two runs here, and stays in a layer while one goes on."""
    inside, leave, pools, others = threading.Event(), threading.Event(), [], []

    class Waiting(nn.Module):
        def forward(self, x):
            if threading.current_thread() is not threading.main_thread():
                inside.set()
                leave.wait(10)
                return x
            for pool in pools:
                others.append(pool.submit(self, x))
                inside.wait(10)
            return x

    model = nn.Sequential(nn.Conv2d(3, 3, 1), Waiting(), Interleaved())
    found, seen = discover(model, PICTURES[:1]), []
    with quiet(model), stream(model, found, lambda index, maps: seen.append(index)):
        forward(model, PICTURES, found=found)
        with ThreadPoolExecutor(1) as pool:
            leave.set()
            pool.submit(model, PICTURES).result()
            leave.clear()
            inside.clear()
            pools.append(pool)
            forward(model, PICTURES, found=found)
            leave.set()
            others[0].result()
    assert seen == [0, 0]


def in_a_thread(net, x):
    with ThreadPoolExecutor(1) as pool:
        return net[2:](pool.submit(net[:2], x).result())


def test_layers_in_a_thread_of_their_own_are_named():
    with pytest.raises(ModelError, match=r"ran 'net\.0', 'net\.1' in another thread, where"):
        spectra.analyze(Around(in_a_thread), PICTURES)


# -- a sentence, or the right number ----------------------------------------------------------


def test_a_run_within_autocast_measures_the_model_in_its_own_precision():
    with torch.autocast("cpu", torch.bfloat16):
        assert energies(spectra.analyze(decoder(), PICTURES)) == expected()
        assert torch.is_autocast_enabled("cpu")


def made_in_inference_mode(make):
    with torch.inference_mode():
        return make()


PLACES = list(product((False, True), repeat=3))
AT_ONCE = ((True, False, False), (False, True, False), (False, False, True), (True, True, True))


@pytest.mark.parametrize(
    ("model", "inputs", "call"),
    [pytest.param(*p, marks=[] if p in AT_ONCE else pytest.mark.slow) for p in PLACES],
)
def test_what_is_made_in_inference_mode_gives_the_same_numbers(model, inputs, call):
    net = made_in_inference_mode(decoder) if model else decoder()
    pictures = made_in_inference_mode(PICTURES.clone) if inputs else PICTURES
    with torch.inference_mode(call):
        assert energies(spectra.analyze(net, pictures)) == expected()


def test_the_meta_device_is_refused_in_one_line_each():
    with pytest.raises(LoadError, match=r"holds no values for '0\.weight', only its shape"):
        spectra.analyze(decoder().to("meta"), PICTURES)
    with pytest.raises(InputError, match="the tensor holds no values, only a shape"):
        spectra.analyze(decoder(), PICTURES.to("meta"))
    with pytest.raises(ParameterError, match="device='meta' holds no values"):
        spectra.analyze(decoder(), PICTURES, options=spectra.Options(device="meta"))


NOT_DENSE = {
    "sparse_coo": lambda x: x.to_sparse(),
    "sparse_csr": lambda x: x[:, 0].to_sparse_csr(),
    "nested": lambda x: torch.nested.nested_tensor(list(x)),
}


@pytest.mark.filterwarnings("ignore:Sparse", "ignore:The PyTorch API of nested")
@pytest.mark.parametrize("kind", NOT_DENSE)
@pytest.mark.parametrize("as_stream", [False, True])
def test_inputs_that_are_not_dense_are_refused_with_what_to_type(kind, as_stream):
    inputs = NOT_DENSE[kind](PICTURES)
    with pytest.raises(InputError, match=rf"is {kind}: expected a dense tensor, as of"):
        spectra.analyze(decoder(), (lambda: [inputs]) if as_stream else inputs)


def test_sparse_weights_are_right_where_torch_runs_them_and_named_where_not():
    class Mixing(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.mix = decoder(), nn.Parameter(torch.eye(3).to_sparse())

        def forward(self, x):
            y = self.net(x)
            mixed = torch.sparse.mm(self.mix, y.transpose(0, 1).flatten(1))
            return mixed.view(3, len(y), *y.shape[2:]).transpose(0, 1)

    assert energies(spectra.analyze(Mixing(), PICTURES)) == expected()
    net = decoder()
    net[1].weight = nn.Parameter(net[1].weight.detach().to_sparse())
    with pytest.raises(ModelError, match=r"failed in '1' \(ConvTranspose2d\)"):
        spectra.analyze(net, PICTURES)
    with torch.no_grad():
        net[1].weight._values()[0] = torch.nan
    with pytest.raises(LoadError, match=r"1 of 576 values of '1\.weight' are NaN"):
        spectra.analyze(net, PICTURES)


def test_tensors_of_stride_0_are_measured_as_their_copies_are():
    def with_weight(weight):
        net = decoder()
        net[1].weight = nn.Parameter(weight)
        return net

    ones = torch.ones(1, 1, 1, 1).expand(8, 8, 3, 3)
    gray = PICTURES[:, :1].expand(-1, 3, -1, -1)
    expected = energies(spectra.analyze(with_weight(ones.clone()), gray.clone()))
    assert energies(spectra.analyze(with_weight(ones), gray)) == expected
    first = Around(lambda net, x: net(x)[:, :1].expand(-1, 3, -1, -1))
    copied = Around(lambda net, x: net(x)[:, :1].repeat(1, 3, 1, 1))
    results = [spectra.analyze(each, PICTURES).summary.output.score for each in (first, copied)]
    assert results[0] == results[1]


def list_of_itself(net, x):
    made = [net(x)]
    made.insert(0, made)
    return made


def dict_of_itself(net, x):
    made = {"sample": net(x)}
    made["all"] = (made,)
    return made


@pytest.mark.parametrize("function", [list_of_itself, dict_of_itself])
def test_an_output_that_contains_itself_is_looked_into_once(function):
    assert energies(spectra.analyze(Around(function), PICTURES)) == expected()
    inner = nn.Sequential(Around(function), Around(lambda _, made: next(iter_of(made))))
    assert energies(spectra.analyze(inner, PICTURES)) == expected()


def iter_of(made):
    return iter(made.values() if isinstance(made, dict) else made[1:])
