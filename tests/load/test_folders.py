"""Folders of Hugging Face, diffusers, smp and timm; sharded weights; the packages' names."""

import hashlib
import json
import sys
from dataclasses import replace

import pytest
import torch

from spectra.errors import LoadError, ModelError
from spectra.load import load_model
from support.packages import packages, write_folder

__all__ = ["packages"]


def state(seed=0, width=4, prefix="up."):
    generator = torch.Generator().manual_seed(seed)
    return {
        f"{prefix}weight": torch.randn(2, width, 4, 4, generator=generator),
        f"{prefix}bias": torch.randn(width, generator=generator),
    }


VAE = {"_class_name": "AutoencoderKL", "width": 4, "latent_channels": 2}
DPT = {"architectures": ["DPTForDepthEstimation"], "auto_map": {"AutoModel": "own_code.Net"}}
SMP = {"_model_class": "Unet", "encoder_name": "resnet18", "encoder_weights": "imagenet"}
TIMM = {"architecture": "dec", "num_classes": 7, "pretrained_cfg": {}, "model_args": {"width": 4}}
FOLDERS = {
    "diffusers": (VAE, "diffusion_pytorch_model", "diffusers:AutoencoderKL"),
    "transformers": (DPT, "model", "hf:DPTForDepthEstimation"),
    "smp": (SMP, "model", "smp:Unet"),
    "timm": (TIMM, "model", "timm:dec"),
}


@pytest.mark.parametrize("library", FOLDERS)
@pytest.mark.parametrize("suffix", ["safetensors", "bin"])
def test_a_folder_is_opened_by_the_class_its_config_names(
    packages, tmp_path, capsys, library, suffix
):
    config, stem, arch = FOLDERS[library]
    if suffix == "bin":
        stem = {"model": "pytorch_model"}.get(stem, stem)
    folder = write_folder(tmp_path / "m", config, {f"{stem}.{suffix}": state()})
    loaded = load_model(folder)
    assert torch.equal(loaded.model.up.weight, state()["up.weight"])
    assert (loaded.format, loaded.architecture) == (f"{library}_folder", arch)
    assert loaded.notes[0] == f"weights of {stem}.{suffix}"
    content = (folder / f"{stem}.{suffix}").read_bytes()
    assert loaded.sha256 == hashlib.sha256(content).hexdigest()
    assert not loaded.model.training
    assert capsys.readouterr() == ("", "")  # what a package prints is not the answer


def test_safetensors_are_preferred_to_pickles_beside_them(packages, tmp_path):
    files = {"pytorch_model.bin": state(1), "model.safetensors": state(2)}
    folder = write_folder(tmp_path / "m", SMP, files)
    assert torch.equal(load_model(folder).model.up.weight, state(2)["up.weight"])


def sharded(folder, config, stem):
    parts = {name: f"{stem}-0000{i}-of-00002.safetensors" for i, name in enumerate(state(), 1)}
    files = {part: {name: state()[name]} for name, part in parts.items()}
    return write_folder(folder, config, {**files, f"{stem}.safetensors.index.json": parts})


@pytest.mark.parametrize("library", FOLDERS)
def test_sharded_weights_are_put_together(packages, tmp_path, library):
    config, stem, _ = FOLDERS[library]
    folder = sharded(tmp_path / "m", config, stem)
    index = folder / f"{stem}.safetensors.index.json"
    for source, arch in ((folder, None), (index, f"hf:{folder}"), (folder, "smp:Unet")):
        loaded = load_model(source, arch=arch)
        assert torch.equal(loaded.model.up.weight, state()["up.weight"])
        assert torch.equal(loaded.model.up.bias, state()["up.bias"])
    parts = sorted(folder.glob("*.safetensors"))
    digests = "".join(hashlib.sha256(part.read_bytes()).hexdigest() for part in parts)
    assert loaded.sha256 == hashlib.sha256(digests.encode()).hexdigest()
    with pytest.raises(LoadError, match=r"one part of sharded weights.*give .*index\.json"):
        load_model(parts[0], arch="smp:Unet")
    parts[1].unlink()
    with pytest.raises(LoadError, match=r"names 2 files, of which 1 are missing: .*00002-of"):
        load_model(folder)


@pytest.mark.parametrize("name", ["../outside.safetensors", "/outside.safetensors", 3, ".."])
def test_an_index_cannot_name_files_elsewhere(tmp_path, name):
    (tmp_path / "outside.safetensors").write_bytes(b"")
    folder = write_folder(tmp_path / "m", SMP, {"model.safetensors.index.json": {"w": name}})
    with pytest.raises(LoadError, match=r"expected (files that lie beside it|JSON)|are missing"):
        load_model(folder / "model.safetensors.index.json", arch="smp:Unet")


def test_decode_of_an_autoencoder_s_folder_finds_its_steps(packages, tmp_path):
    from spectra import Options
    from spectra.run import list_steps

    files = {"diffusion_pytorch_model.safetensors": state()}
    loaded = load_model(write_folder(tmp_path / "m", VAE, files))
    assert "its decoder alone: --call decode with 'random:latent?shape=2,32,32'" in loaded.notes
    found = list_steps(loaded, "random:latent?shape=2,32,32", options=Options(call="decode"))
    assert [(step.name, step.output_shape) for step in found.steps] == [("up", (4, 64, 64))]


@pytest.mark.parametrize("library", FOLDERS)
def test_weights_that_do_not_fit_the_config_are_refused_unless_accepted(
    packages, tmp_path, library
):
    config, stem, _ = FOLDERS[library]
    other = {**state(), "extra.weight": torch.ones(1)}
    del other["up.bias"]
    folder = write_folder(tmp_path / "m", config, {f"{stem}.safetensors": other})
    with pytest.raises(LoadError, match=r"1 missing: up\.bias; 1 unexpected: extra\.weight.*--no"):
        load_model(folder)
    notes = load_model(folder, strict=False).notes
    assert any("1 missing: up.bias" in note for note in notes)


def test_decode_without_latents_says_which_to_give(packages, tmp_path):
    from spectra import Options
    from spectra.run import list_steps

    files = {"diffusion_pytorch_model.safetensors": state()}
    loaded = load_model(write_folder(tmp_path / "m", VAE, files))
    encoder = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1), loaded.model)  # seen first
    encoder.decode = loaded.model.decode
    with pytest.raises(
        ModelError, match=r"decoder alone: --call decode with 'random:latent.shape=2"
    ):
        list_steps(replace(loaded, model=encoder), options=Options(call="decode"))


def test_arguments_replace_entries_of_the_config(packages, tmp_path):
    for library, (config, stem, _) in FOLDERS.items():
        files = {f"{stem}.safetensors": state(width=5)}
        folder = write_folder(tmp_path / library, config, files)
        assert load_model(folder, arch_args={"width": 5}).model.up.out_channels == 5


def test_a_file_of_weights_takes_its_class_from_a_config_elsewhere(packages, tmp_path):
    torch.save({"state_dict": state()}, tmp_path / "tuned.ckpt")
    for library, (config, _, arch) in FOLDERS.items():
        folder = write_folder(tmp_path / library, config, {})
        for place in (folder, folder / "config.json"):
            loaded = load_model(tmp_path / "tuned.ckpt", arch=f"hf:{place}")
            assert torch.equal(loaded.model.up.weight, state()["up.weight"])
            assert (loaded.architecture, loaded.format) == (arch, "state_dict")
    with pytest.raises(LoadError, match=r"has no config\.json that names a class"):
        load_model(tmp_path / "tuned.ckpt", arch=f"hf:{tmp_path}")


def test_names_that_transformers_converts_are_converted(packages, tmp_path):
    file = tmp_path / "w.pth"
    torch.save(state(prefix="upscaler."), file)
    loaded = load_model(file, arch="hf:DPTForDepthEstimation")
    assert torch.equal(loaded.model.up.weight, state()["up.weight"])
    assert "names converted by transformers" in loaded.notes
    torch.save(state(prefix="other."), file)
    with pytest.raises(LoadError, match=r"missing: up\.weight"):
        load_model(file, arch="hf:DPTForDepthEstimation")


@pytest.mark.parametrize(
    ("arch", "near"),
    [
        ("torchvision:decc", "did you mean dec"),
        ("timm:resnet19", "did you mean resnet18"),
        ("smp:Unett", "did you mean Unet"),
        ("smp:read", "expected one of .*Unet"),  # a function, no class
        ("diffusers:AutoencoderK", "did you mean AutoencoderKL"),
        ("diffusers:DiffusionPipeline", "did you mean DiffusionPipeline|expected"),
        ("hf:DPTForDepth", "did you mean DPTForDepthEstimation"),
        ("hf:no/such/folder", "hf:no/such/folder is unknown"),
    ],
)
def test_a_name_that_a_package_lacks_lists_the_nearest(packages, tmp_path, arch, near):
    torch.save(state(), tmp_path / "w.pth")
    with pytest.raises(LoadError, match=f"is unknown: .*{near}|{near}"):
        load_model(tmp_path / "w.pth", arch=arch)


@pytest.mark.parametrize(
    "arch", ["torchvision:dec", "timm:dec", "smp:Unet", "hf:DPTForDepthEstimation"]
)
def test_bare_weights_take_a_package_s_architecture(packages, tmp_path, arch):
    torch.save({"params_ema": state()}, tmp_path / "w.pth")
    loaded = load_model(tmp_path / "w.pth", arch=arch)
    assert torch.equal(loaded.model.up.weight, state()["up.weight"])
    assert loaded.architecture == arch
    with pytest.raises(LoadError, match="of another shape"):
        load_model(tmp_path / "w.pth", arch=arch, arch_args={"width": 3})


def test_code_beside_a_config_is_never_run(packages, tmp_path):
    config = {"architectures": ["Net"], "auto_map": {"AutoModel": "own_code.Net"}}
    folder = write_folder(tmp_path / "m", config, {"model.safetensors": state()})
    (folder / "own_code.py").write_text(
        f"open({str(tmp_path / 'crater')!r}, 'w')\nclass Net: pass\n"
    )
    for trust in (False, True):
        with pytest.raises(LoadError, match=r"code beside its config\.json, which is never run"):
            load_model(folder, trust=trust)
    assert not (tmp_path / "crater").exists()
    assert "own_code" not in sys.modules


REFUSED = {
    "quantised": ({**VAE, "quantization_config": {"bits": 4}}, {}, "quantised weights of a Auto"),
    "class unknown": ({"architectures": ["Nett"]}, {"model.safetensors": 0}, "Nett.* is unknown"),
    "no class": ({"model_type": "dpt"}, {"model.safetensors": 0}, r"give a file in it, such as"),
    "not a name": ({"_class_name": "os.system"}, {"model.safetensors": 0}, "is unknown"),
    "no weights": (VAE, {}, r"holds none: expected one; download model\.safetensors"),
    "flax": (VAE, {"flax_model.msgpack": 0}, "holds only flax_model.msgpack, of another"),
    "several": (SMP, {"a.safetensors": 0, "b.safetensors": 0}, r"several: a.*--arch hf:.*m'"),
    "adapter": (None, {"adapter_config.json": 0, "adapter_model.safetensors": 0}, "merge_and_unl"),
    "distributed": (None, {".metadata": 0, "__0_0.distcp": 0}, "dcp_to_torch .*m model.pt"),
    "deepspeed": (None, {"zero_to_fp32.py": 0}, r"python .*zero_to_fp32\.py"),
    "tensorflow": (None, {"saved_model.pb": 0}, "TensorFlow SavedModel"),
    "mlflow": (None, {"MLmodel": 0}, r"data/model\.pth with --trust"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_folder_that_cannot_be_opened_says_what_it_is(packages, tmp_path, name):
    config, files, message = REFUSED[name]
    folder = tmp_path / "m"
    folder.mkdir()
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    for file in files:
        (folder / file).write_bytes(b"\2" + bytes(7) + b"{}")  # safetensors without tensors
    with pytest.raises(LoadError, match=message) as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)


def test_a_download_cache_names_the_folder_inside(tmp_path):
    inside = tmp_path / "models--a--b" / "snapshots" / "123"
    inside.mkdir(parents=True)
    with pytest.raises(LoadError, match=r"download cache.*snapshots/123"):
        load_model(tmp_path / "models--a--b")


def test_the_switches_of_the_packages_are_put_back(packages, tmp_path, monkeypatch):
    import logging
    import os

    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    load_model(write_folder(tmp_path / "m", SMP, {"model.safetensors": state()}))
    assert os.environ["HF_HUB_OFFLINE"] == "0"
    monkeypatch.delenv("HF_HUB_OFFLINE")
    load_model(tmp_path / "m")
    assert "HF_HUB_OFFLINE" not in os.environ
    assert logging.root.manager.disable == 0


def real(name):
    """Return an installed package; the test is skipped where it cannot be imported."""
    try:
        return __import__(name)
    except Exception as error:
        pytest.skip(f"{name} cannot be imported: {type(error).__name__}: {error}")


def test_a_real_autoencoder_saved_by_diffusers_decodes_alike(tmp_path):
    diffusers = real("diffusers")
    torch.manual_seed(0)
    net = diffusers.AutoencoderKL(
        block_out_channels=(4, 8),
        norm_num_groups=2,
        down_block_types=["DownEncoderBlock2D"] * 2,
        up_block_types=["UpDecoderBlock2D"] * 2,
    ).eval()
    net.save_pretrained(tmp_path / "vae")
    net.save_pretrained(tmp_path / "parts", max_shard_size="10KB")
    z = torch.randn(1, 4, 8, 8)
    for folder in ("vae", "parts"):
        loaded = load_model(tmp_path / folder)
        assert torch.equal(loaded.model.decode(z).sample, net.decode(z).sample)


def test_a_real_segformer_saved_by_transformers_runs_alike(tmp_path):
    transformers = real("transformers")
    torch.manual_seed(0)
    config = transformers.SegformerConfig(
        hidden_sizes=[8] * 4, depths=[1] * 4, num_attention_heads=[1] * 4, decoder_hidden_size=8
    )
    net = transformers.SegformerForSemanticSegmentation(config).eval()
    net.save_pretrained(tmp_path / "seg")
    x = torch.randn(1, 3, 32, 32)
    expected = net(x).logits
    assert torch.equal(load_model(tmp_path / "seg").model(x).logits, expected)
    file = tmp_path / "seg" / "model.safetensors"
    assert torch.equal(load_model(file, arch=f"hf:{file.parent}").model(x).logits, expected)


def test_a_real_unet_saved_by_smp_runs_alike(tmp_path):
    smp = real("segmentation_models_pytorch")
    net = smp.Unet("resnet18", encoder_weights=None).eval()
    net.save_pretrained(tmp_path / "unet")
    x = torch.randn(1, 3, 32, 32)
    assert torch.equal(load_model(tmp_path / "unet").model(x), net(x))
    torch.save(net.state_dict(), tmp_path / "w.pth")
    loaded = load_model(tmp_path / "w.pth", arch="smp:Unet", arch_args={"encoder_name": "resnet18"})
    assert torch.equal(loaded.model(x), net(x))


def test_a_real_model_saved_by_timm_runs_alike(tmp_path):
    timm = real("timm")
    net = timm.create_model("resnet10t", num_classes=3).eval()
    timm.models.save_for_hf(net, tmp_path / "r")
    x = torch.randn(1, 3, 32, 32)
    assert torch.equal(load_model(tmp_path / "r").model(x), net(x))


def test_a_real_torchvision_segmenter_runs_alike(tmp_path):
    models = real("torchvision").models
    net = models.segmentation.lraspp_mobilenet_v3_large(weights=None, weights_backbone=None).eval()
    torch.save(net.state_dict(), tmp_path / "w.pth")
    loaded = load_model(tmp_path / "w.pth", arch="torchvision:lraspp_mobilenet_v3_large")
    x = torch.randn(1, 3, 32, 32)
    assert torch.equal(loaded.model(x)["out"], net(x)["out"])
