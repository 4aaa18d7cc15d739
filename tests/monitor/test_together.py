"""Several processes train one model, with gloo on the CPU: nobody waits for ever."""

import copy
import multiprocessing
import os
import warnings
from functools import partial

import pytest
import torch
from torch import nn
from torch.distributed import TCPStore, destroy_process_group, init_process_group
from torch.distributed.fsdp import FullyShardedDataParallel, fully_shard
from torch.nn.parallel import DistributedDataParallel

import spectra

pytestmark = pytest.mark.cluster
SIZE, STEPS, LIMIT_S = 2, 4, 100


def in_processes(work, *args):
    """Run ``work(rank, *args)`` in processes of one gloo group, and see that all end."""
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)

    def one(rank):
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(store.port))
        os.environ.update(TORCHELASTIC_USE_AGENT_STORE="True")
        torch.set_num_threads(1)
        init_process_group("gloo", rank=rank, world_size=SIZE)
        try:
            work(rank, *args)
        finally:
            destroy_process_group()

    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=one, args=(rank,)) for rank in range(SIZE)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(LIMIT_S)
    hung = [p for p in processes if p.is_alive()]
    for process in hung:
        process.kill()
    assert hung == []
    assert [process.exitcode for process in processes] == [0] * SIZE


def net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.ConvTranspose2d(8, 3, 3, stride=2, padding=1, output_padding=1),
    )


def train(model, rank, monitor=None):
    """Train each process on batches of its own."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    torch.manual_seed(10 + rank)
    for _ in range(STEPS):
        optimizer.zero_grad()
        model(torch.rand(4, 3, 16, 16)).square().mean().backward()
        optimizer.step()
        if monitor is not None:
            monitor.step()
    return {name: whole(value) for name, value in model.state_dict().items()}


def whole(tensor):
    return tensor.full_tensor().clone() if hasattr(tensor, "full_tensor") else tensor.clone()


def shard(model):
    for part in (model[0], model[3]):
        fully_shard(part)
    return fully_shard(model)


def shard_flat(model, **options):
    """Shard with the first FSDP, which flattens the parameters of a module into one."""
    options = {"device_id": torch.device("cpu"), **options}
    for name in ("0", "3"):
        setattr(model, name, FullyShardedDataParallel(getattr(model, name), **options))
    return FullyShardedDataParallel(model, **options)


WRAPPERS = {
    "ddp": DistributedDataParallel,
    "fsdp": shard,
    "fsdp1": shard_flat,
    "fsdp1, own parameters": partial(shard_flat, use_orig_params=True),
}
SHARDED = [name for name in WRAPPERS if name != "ddp"]


def with_and_without(rank, inputs, wrap, log):
    wrapper = WRAPPERS[wrap]
    model = wrapper(net())
    monitor = spectra.Monitor(model, inputs, every=2, log=log, share=None, strict=True)
    with_it, without = train(model, rank, monitor), train(wrapper(net()), rank)
    assert all(torch.equal(with_it[name], without[name]) for name in without)
    assert [tick.step for tick in monitor.ticks] == ([1, 2, 4] if rank == 0 else [])
    alone = net()
    alone.load_state_dict({name.removeprefix("module."): v for name, v in with_it.items()})
    if rank == 0:  # what several processes measured together is what one reads
        assert monitor.ticks[-1].output == spectra.Monitor(alone, inputs).measure().output


@pytest.mark.parametrize("wrap", list(WRAPPERS))
def test_a_training_of_two_processes_ends_in_the_same_weights_and_nothing_hangs(
    wrap, inputs, tmp_path
):
    log = tmp_path / "log.csv"
    in_processes(with_and_without, inputs, wrap, log)
    assert [tick.step for tick in spectra.report.TrainingLog.read(log).ticks] == [1, 2, 4]


def failing(rank, inputs, wrap):
    model = WRAPPERS[wrap](net())
    monitor = spectra.Monitor(model, inputs[:, :2], every=1, share=None)  # two channels, not three
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        train(model, rank, monitor)
    assert [tick.error is None for tick in monitor.ticks] == ([False] * STEPS if rank == 0 else [])


@pytest.mark.parametrize("wrap", SHARDED)
def test_a_measurement_that_fails_in_all_processes_ends_no_sharded_training(inputs, wrap):
    in_processes(failing, inputs, wrap)


def left_out(rank, inputs, wrap):
    model = WRAPPERS[wrap](net())
    monitor = spectra.Monitor(model, inputs, every=1, share=1e-6)
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        train(model, rank, monitor)
    assert [tick.step for tick in monitor.ticks] == ([1] if rank == 0 else [])


@pytest.mark.parametrize("wrap", SHARDED)
def test_a_measurement_that_is_left_out_is_so_in_all_processes(inputs, wrap):
    in_processes(left_out, inputs, wrap)


def test_a_model_of_one_process_is_not_sharded(decoder):
    from spectra.monitor._ranks import is_sharded, rank

    assert not is_sharded(copy.deepcopy(decoder))
    assert rank() == 0
