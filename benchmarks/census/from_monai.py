"""Networks of MONAI, in two and three dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from census.catalogue import Decoder, call


def _monai(
    class_name: str,
    shape: tuple[int, ...],
    *,
    label: str = "",
    run: Any = call,
    rearranged: Mapping[tuple[str, str], int] | None = None,
    why: str = "",
    encoder: bool = False,
    timed: Decoder | None = None,
    **options: Any,
) -> Decoder:
    def build() -> nn.Module:
        from monai.networks import nets

        return getattr(nets, class_name)(**options)

    return Decoder(
        f"monai:{label or class_name}",
        build,
        shape,
        run=run,
        rearranged=rearranged or {},
        why=why,
        encoder=encoder,
        timed=timed,
    )


def _denoise(model: Any, x: Tensor) -> object:
    return model(x, torch.tensor([10]))


def _first(model: Any, x: Tensor) -> object:
    return model(x)[0]


FLAT = {"spatial_dims": 2, "in_channels": 1, "out_channels": 2}
SOLID = {"spatial_dims": 3, "in_channels": 1, "out_channels": 2}
PICTURE, VOLUME = (1, 1, 128, 128), (1, 1, 48, 48, 48)
LEVELS = {"channels": (8, 16, 32, 64), "strides": (2, 2, 2)}
SUBPIXEL = "pixelshuffle(): reshape (b, c, r, .., h, ..), permute, reshape (b, c, h r, ..)"

DECODERS = [
    _monai("UNet", PICTURE, label="UNet-2d", **FLAT, **LEVELS),
    _monai("UNet", VOLUME, label="UNet-3d", **SOLID, **LEVELS, num_res_units=1),
    _monai("VNet", (1, 1, 32, 32, 32), spatial_dims=3, in_channels=1, out_channels=2),
    _monai("SegResNet", VOLUME, label="SegResNet-3d", **SOLID),
    _monai(
        "SegResNet",
        PICTURE,
        label="SegResNet-pixelshuffle",
        rearranged={(f"up_samples.{i}.1.pixelshuffle", "depth_to_space"): 1 for i in range(3)},
        why=SUBPIXEL,
        **FLAT,
        upsample_mode="pixelshuffle",
    ),
    _monai(
        "DynUNet",
        PICTURE,
        label="DynUNet-2d",
        **FLAT,
        kernel_size=(3, 3, 3, 3),
        strides=(1, 2, 2, 2),
        upsample_kernel_size=(2, 2, 2),
        filters=(8, 16, 32, 64),
    ),
    _monai(
        "SwinUNETR",
        (1, 1, 64, 64, 64),
        label="SwinUNETR-3d",
        in_channels=1,
        out_channels=2,
        feature_size=12,
        depths=(1, 1, 1, 1),
        num_heads=(1, 2, 4, 4),
    ),
    _monai(
        "UNETR",
        (1, 1, 64, 64),
        label="UNETR-2d",
        in_channels=1,
        out_channels=2,
        img_size=64,
        feature_size=8,
        hidden_size=24,
        mlp_dim=48,
        num_heads=2,
        spatial_dims=2,
        timed=_monai("UNETR", PICTURE, **FLAT, img_size=128),
    ),
    _monai("AutoEncoder", PICTURE, **FLAT, **LEVELS | {"strides": (2, 2, 2, 1)}),
    _monai("AttentionUnet", PICTURE, label="AttentionUnet-2d", **FLAT, **LEVELS),
    _monai("BasicUNetPlusPlus", PICTURE, run=_first, **FLAT, features=(8, 8, 16, 32, 64, 8)),
    _monai(
        "BasicUNet",
        PICTURE,
        label="BasicUNet-pixelshuffle",
        rearranged={(f"upcat_{i}.upsample.pixelshuffle", "depth_to_space"): 1 for i in range(1, 5)},
        why=SUBPIXEL,
        **FLAT,
        features=(8, 8, 16, 32, 64, 8),
        upsample="pixelshuffle",
    ),
    _monai("AHNet", PICTURE, **FLAT, layers=(1, 1, 1, 1), psp_block_num=2),
    _monai(
        "AutoencoderKL",
        (1, 3, 16, 16),
        run=lambda model, latent: model.decode(latent),
        spatial_dims=2,
        num_res_blocks=(1, 1, 1),
        channels=(16, 16, 32),
        attention_levels=(False, False, False),
        norm_num_groups=8,
    ),
    _monai(
        "VQVAE",
        (1, 1, 32, 32, 32),
        label="VQVAE-3d",
        run=_first,
        spatial_dims=3,
        in_channels=1,
        out_channels=1,
        channels=(16, 16),
        num_res_layers=1,
        num_res_channels=(16, 16),
        downsample_parameters=((2, 4, 1, 1),) * 2,
        upsample_parameters=((2, 4, 1, 1, 0),) * 2,
        num_embeddings=8,
        embedding_dim=8,
    ),
    _monai(
        "DiffusionModelUNet",
        (1, 1, 64, 64),
        run=_denoise,
        **FLAT,
        num_res_blocks=(1, 1),
        channels=(16, 32),
        attention_levels=(False, False),
        norm_num_groups=8,
    ),
    _monai("FlexibleUNet", PICTURE, in_channels=1, out_channels=2, backbone="resnet18"),
    _monai(
        "MedNeXt",
        VOLUME,
        label="MedNeXt-3d",
        **SOLID,
        init_filters=8,
        kernel_size=3,
        blocks_down=(1, 1, 1, 1),
        blocks_bottleneck=1,
        blocks_up=(1, 1, 1, 1),
    ),
    _monai("Quicknat", PICTURE, num_classes=2, num_filters=16),
    _monai(
        "RegUNet",
        (1, 1, 32, 32, 32),
        spatial_dims=3,
        in_channels=1,
        num_channel_initial=8,
        depth=2,
    ),
    _monai(
        "Generator",
        (2, 16),
        latent_shape=(16,),
        start_shape=(16, 8, 8),
        channels=(16, 8, 1),
        strides=(2, 2, 1),
    ),
    _monai(
        "ViTAutoEnc",
        (1, 1, 64, 64),
        label="ViTAutoEnc-2d",
        run=_first,
        in_channels=1,
        img_size=(64, 64),
        patch_size=(16, 16),
        hidden_size=24,
        mlp_dim=48,
        num_layers=2,
        num_heads=2,
        spatial_dims=2,
        timed=_monai(
            "ViTAutoEnc",
            (1, 1, 224, 224),
            run=_first,
            in_channels=1,
            img_size=(224, 224),
            patch_size=(16, 16),
            spatial_dims=2,
        ),
    ),
    _monai("HighResNet", (1, 1, 32, 32, 32), encoder=True),
    _monai(
        "MaskedAutoEncoderViT",
        (1, 1, 64, 64),
        run=_first,
        encoder=True,
        in_channels=1,
        img_size=64,
        patch_size=8,
        hidden_size=24,
        mlp_dim=48,
        num_layers=2,
        num_heads=2,
        decoder_hidden_size=24,
        decoder_mlp_dim=48,
        decoder_num_layers=1,
        decoder_num_heads=2,
        spatial_dims=2,
    ),
]
