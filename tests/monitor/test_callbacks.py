"""Callbacks are of the class that the trainer of the loaded library asks for."""

import sys
import warnings

import pytest
import torch
from torch import nn

import spectra
from spectra.errors import ParameterError


class Base:
    """The base class of a library's callbacks."""


@pytest.mark.parametrize("library", ["lightning.pytorch", "pytorch_lightning"])
def test_a_callback_is_of_the_lightning_that_is_imported(decoder, inputs, library, monkeypatch):
    for name in ("lightning.pytorch", "pytorch_lightning"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(ParameterError, match="import the library of your trainer first"):
        spectra.Monitor(decoder, inputs).lightning()
    module = type(sys)(library)
    module.Callback = Base
    monkeypatch.setitem(sys.modules, library, module)
    monitor = spectra.Monitor(decoder, inputs, every=2, share=None, strict=True)
    callback = monitor.lightning()
    assert isinstance(callback, Base)
    trainer = type("Trainer", (), {"global_step": 0})()
    for trainer.global_step in (0, 1, 1, 2, 2, 3):  # two batches make one step
        callback.on_train_batch_end(trainer, decoder, None, None, 0)
    assert [tick.step for tick in monitor.ticks] == [1, 2]
    other = spectra.Monitor(decoder, inputs, every=2)
    other.lightning().load_state_dict(callback.state_dict())
    assert [tick.step for tick in other.ticks] == [1, 2]
    assert other.ticks[1].severity == monitor.ticks[1].severity


def test_hugging_face_has_to_be_imported(decoder, inputs, monkeypatch):
    monkeypatch.delitem(sys.modules, "transformers", raising=False)
    with pytest.raises(ParameterError, match="transformers is not imported"):
        spectra.Monitor(decoder, inputs).hugging_face()


def batches():
    return torch.utils.data.DataLoader(
        [(torch.rand(3, 16, 16), torch.rand(3, 32, 32)) for _ in range(8)], batch_size=2
    )


@pytest.mark.slow
def test_the_trainer_of_lightning_takes_it_and_its_checkpoint_resumes_it(decoder, inputs, tmp_path):
    lightning = pytest.importorskip("lightning.pytorch", reason="lightning is not installed")

    class Task(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = decoder

        def training_step(self, batch, _index):
            return nn.functional.mse_loss(self.net(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    def trained(epochs, checkpoint=None):
        task = Task()
        monitor = spectra.Monitor(
            task.net, inputs, every=2, log=tmp_path / "log.csv", share=None, strict=True
        )
        trainer = lightning.Trainer(
            accelerator="cpu",
            max_epochs=epochs,
            default_root_dir=tmp_path,
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[monitor.lightning()],
        )
        trainer.fit(task, batches(), ckpt_path=checkpoint, weights_only=True)
        trainer.save_checkpoint(tmp_path / "last.ckpt")
        return [tick.step for tick in monitor.ticks]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's own, of workers and folders
        assert trained(1) == [1, 2, 4]
        assert trained(2, tmp_path / "last.ckpt") == [1, 2, 4, 6, 8]


@pytest.mark.slow
def test_the_trainer_of_transformers_takes_it(decoder, inputs, tmp_path):
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    pytest.importorskip("accelerate", reason="accelerate is not installed")

    class Task(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = decoder

        def forward(self, x, y):
            return {"loss": nn.functional.mse_loss(self.net(x), y)}

    task = Task()
    monitor = spectra.Monitor(task.net, inputs, every=2, share=None, strict=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        arguments = transformers.TrainingArguments(
            str(tmp_path), max_steps=4, use_cpu=True, report_to=[], save_strategy="no"
        )
        pairs = [{"x": torch.rand(3, 16, 16), "y": torch.rand(3, 32, 32)} for _ in range(8)]
        transformers.Trainer(
            task, arguments, train_dataset=pairs, callbacks=[monitor.hugging_face()]
        ).train()
    assert [tick.step for tick in monitor.ticks] == [1, 2, 4]
