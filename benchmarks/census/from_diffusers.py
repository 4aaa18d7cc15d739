"""Decoders of diffusers: autoencoders of pictures, films and sound, denoisers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from census.catalogue import Decoder

PAIR = ("DownEncoderBlock2D",) * 3, ("UpDecoderBlock2D",) * 3
WIDTHS = (16, 32, 32)


def _built(class_name: str, **options: Any) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        import diffusers

        return getattr(diffusers, class_name)(**options)

    return build


def _decode(model: Any, latent: Tensor) -> object:
    return model.decode(latent).sample


def _denoise(model: Any, x: Tensor) -> object:
    return model(x, torch.tensor(10)).sample


def _decoder(
    class_name: str,
    shape: tuple[int, ...],
    *,
    label: str = "",
    run: Callable[[Any, Tensor], object] = _decode,
    rearranged: Mapping[tuple[str, str], int] | None = None,
    why: str = "",
    **options: Any,
) -> Decoder:
    return Decoder(
        f"diffusers:{label or class_name}",
        _built(class_name, **options),
        shape,
        run=run,
        rearranged=rearranged or {},
        why=why,
    )


def _consistency() -> nn.Module:
    """Return the denoiser of the consistency decoder in small."""
    from diffusers import UNet2DModel

    return UNet2DModel(
        sample_size=32,
        in_channels=7,
        out_channels=6,
        down_block_types=("ResnetDownsampleBlock2D",) * 3,
        up_block_types=("ResnetUpsampleBlock2D",) * 3,
        block_out_channels=(32, 64, 64),
        layers_per_block=1,
        add_attention=False,
        resnet_time_scale_shift="scale_shift",
    )


def _condition(latent: Tensor) -> Tensor:
    """Repeat a latent to the size of the picture, as ``ConsistencyDecoderVAE.decode`` does."""
    larger = torch.nn.functional.interpolate(latent, mode="nearest", scale_factor=4)
    return torch.cat([larger[:, :3], larger], dim=1)


def _text(model: Any, x: Tensor) -> object:
    words = torch.linspace(-1, 1, 5 * 16).reshape(1, 5, 16)
    return model(x, torch.tensor(10), encoder_hidden_states=words).sample


def _labelled(model: Any, x: Tensor) -> object:
    return model(x, timestep=torch.tensor([10]), class_labels=torch.tensor([1])).sample


def _joint(model: Any, x: Tensor) -> object:
    words = torch.linspace(-1, 1, 5 * 16).reshape(1, 5, 16)
    return model(
        x,
        encoder_hidden_states=words,
        pooled_projections=words[:, 0],
        timestep=torch.tensor([10]),
    ).sample


def _film(model: Any, latent: Tensor) -> object:
    return model.decode(latent, num_frames=2).sample


def _cascade(model: Any, x: Tensor) -> object:
    words = torch.linspace(-1, 1, 16).reshape(1, 1, 16)
    return model(x, timestep_ratio=torch.tensor([0.5]), clip_text_pooled=words).sample


def _quantised(model: Any, latent: Tensor) -> object:
    return model.decode(latent, force_not_quantize=True).sample


DECODERS = [
    _decoder(
        "AutoencoderKL",
        (1, 4, 16, 16),
        down_block_types=PAIR[0],
        up_block_types=PAIR[1],
        block_out_channels=WIDTHS,
        norm_num_groups=8,
    ),
    _decoder(
        "AsymmetricAutoencoderKL",
        (1, 4, 16, 16),
        down_block_types=PAIR[0],
        down_block_out_channels=WIDTHS,
        up_block_types=PAIR[1],
        up_block_out_channels=WIDTHS,
        norm_num_groups=8,
    ),
    _decoder("AutoencoderTiny", (1, 4, 16, 16)),
    _decoder(
        "VQModel",
        (1, 3, 16, 16),
        run=_quantised,
        down_block_types=PAIR[0],
        up_block_types=PAIR[1],
        block_out_channels=WIDTHS,
        norm_num_groups=8,
    ),
    _decoder(
        "VQModel",
        (1, 4, 16, 16),
        label="MoVQ",
        run=_quantised,
        latent_channels=4,
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
        up_block_types=("AttnUpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"),
        block_out_channels=(32, 32, 32),
        vq_embed_dim=4,
        norm_type="spatial",
    ),
    _decoder(
        "UNet2DModel",
        (1, 3, 64, 64),
        run=_denoise,
        sample_size=64,
        down_block_types=("DownBlock2D",) * 3,
        up_block_types=("UpBlock2D",) * 3,
        block_out_channels=WIDTHS,
        layers_per_block=1,
        norm_num_groups=8,
    ),
    _decoder(
        "UNet2DModel",
        (1, 3, 64, 64),
        label="UNet2DModel-fir",
        run=_denoise,
        rearranged={
            ("up_blocks.0.resnet_up", "zero_insertion"): 2,
            ("up_blocks.1.resnet_up", "zero_insertion"): 2,
            ("up_blocks.1.upsampler", "zero_insertion"): 1,
            ("up_blocks.2.upsampler", "zero_insertion"): 1,
        },
        why=(
            "upfirdn2d_native(): view (.., h, 1, w, 1, ..), pad by up - 1, view (h up, w up), "
            "conv; ResnetBlock2D.upsample runs on the input and on the hidden map, the first has "
            "no skip sample and the last no resnet_up"
        ),
        sample_size=64,
        down_block_types=("SkipDownBlock2D",) * 3,
        up_block_types=("SkipUpBlock2D",) * 3,
        block_out_channels=(32, 32, 32),
        layers_per_block=1,
        norm_num_groups=8,
    ),
    _decoder(
        "UNet2DConditionModel",
        (1, 4, 32, 32),
        run=_text,
        sample_size=32,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        cross_attention_dim=16,
        attention_head_dim=4,
    ),
    Decoder(
        "diffusers:ConsistencyDecoder",
        _consistency,
        (1, 4, 16, 16),
        run=lambda model, latent: model(_condition(latent), torch.tensor(10)).sample,
    ),
    _decoder(
        "AutoencoderDC",
        (1, 8, 8, 8),
        latent_channels=8,
        attention_head_dim=8,
        encoder_block_types=("ResBlock", "ResBlock", "EfficientViTBlock"),
        decoder_block_types=("ResBlock", "ResBlock", "EfficientViTBlock"),
        encoder_block_out_channels=WIDTHS,
        decoder_block_out_channels=WIDTHS,
        encoder_layers_per_block=(1, 1, 1),
        decoder_layers_per_block=(1, 1, 1),
        encoder_qkv_multiscales=((), (), (5,)),
        decoder_qkv_multiscales=((), (), (5,)),
    ),
    _decoder(
        "DiTTransformer2DModel",
        (1, 4, 32, 32),
        run=_labelled,
        rearranged={("", "depth_to_space"): 1},
        why="reshape (n, h, w, p, p, c), einsum nhwpqc -> nchpwq, reshape (n, c, h p, w p)",
        num_attention_heads=2,
        attention_head_dim=8,
        num_layers=2,
        norm_num_groups=4,
        num_embeds_ada_norm=10,
    ),
    _decoder(
        "SD3Transformer2DModel",
        (1, 4, 32, 32),
        run=_joint,
        rearranged={("", "depth_to_space"): 1},
        why="reshape (n, h, w, p, p, c), einsum nhwpqc -> nchpwq, reshape (n, c, h p, w p)",
        sample_size=32,
        in_channels=4,
        out_channels=4,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=2,
        joint_attention_dim=16,
        caption_projection_dim=16,
        pooled_projection_dim=16,
        pos_embed_max_size=32,
    ),
    _decoder(
        "AutoencoderKLTemporalDecoder",
        (2, 4, 16, 16),
        run=_film,
        down_block_types=("DownEncoderBlock2D",) * 2,
        block_out_channels=(32, 32),
    ),
    _decoder(
        "AutoencoderOobleck",
        (1, 8, 32),
        encoder_hidden_size=8,
        downsampling_ratios=[2, 4, 4],
        channel_multiples=[1, 2, 4],
        decoder_channels=8,
        decoder_input_channels=8,
        audio_channels=2,
    ),
    _decoder(
        "AutoencoderKLWan",
        (1, 4, 2, 8, 8),
        rearranged={
            ("decoder.up_blocks.1.upsamplers.0", "depth_to_space"): 1,
        },
        why=(
            "WanResample upsample3d: reshape (b, 2, c, t, h, w), stack of both halves on a new "
            "axis, reshape to 2 t; left out for the first frame; up_blocks.0 gets one frame at a "
            "time, which is a spread"
        ),
        base_dim=8,
        z_dim=4,
        dim_mult=[1, 2, 2, 2],
        num_res_blocks=1,
        latents_mean=[0.0] * 4,
        latents_std=[1.0] * 4,
    ),
    _decoder(
        "AutoencoderKLLTXVideo",
        (1, 8, 2, 8, 8),
        rearranged={
            ("decoder", "depth_to_space"): 1,
            ("decoder.up_blocks.1.upsamplers.0", "depth_to_space"): 1,
            ("decoder.up_blocks.2.upsamplers.0", "depth_to_space"): 1,
        },
        why=(
            "LTXVideoUpsampler3d and the end of LTXVideoDecoder3d: reshape, permute, flatten of "
            "each axis with its factor; the decoder takes its scalings in reverse order"
        ),
        latent_channels=8,
        block_out_channels=(16, 16, 32),
        down_block_types=("LTXVideoDownBlock3D",) * 3,
        decoder_block_out_channels=(16, 16, 32),
        layers_per_block=(1, 1, 1, 1),
        decoder_layers_per_block=(1, 1, 1, 1),
        spatio_temporal_scaling=(True, True, False),
        decoder_spatio_temporal_scaling=(True, True, False),
        decoder_inject_noise=(False, False, False, False),
        downsample_type=("conv", "conv", "conv"),
        upsample_residual=(False, False, False),
        upsample_factor=(1, 1, 1),
        patch_size=2,
    ),
    _decoder(
        "AutoencoderKLMochi",
        (1, 4, 2, 8, 8),
        rearranged={
            ("decoder.up_blocks.0", "depth_to_space"): 1,
            ("decoder.up_blocks.1", "depth_to_space"): 1,
        },
        why="MochiUpBlock3D: view (.., st, sh, sw, t, h, w), permute, view (t st, h sh, w sw)",
        encoder_block_out_channels=(32, 32, 64),
        decoder_block_out_channels=(32, 32, 64),
        latent_channels=4,
        layers_per_block=(1, 1, 1, 1),
        temporal_expansions=(1, 2),
        spatial_expansions=(2, 2),
        add_attention_block=(False, False, False, False),
        latents_mean=(0.0,) * 4,
        latents_std=(1.0,) * 4,
    ),
    _decoder(
        "AutoencoderKLCogVideoX",
        (1, 4, 2, 8, 8),
        down_block_types=("CogVideoXDownBlock3D",) * 4,
        up_block_types=("CogVideoXUpBlock3D",) * 4,
        block_out_channels=(8, 16, 16, 16),
        latent_channels=4,
        layers_per_block=1,
        norm_num_groups=4,
    ),
    _decoder(
        "UNet1DModel",
        (1, 2, 256),
        run=_denoise,
        sample_size=256,
        in_channels=2,
        out_channels=2,
        extra_in_channels=64,
        block_out_channels=(32, 32, 64),
    ),
    _decoder(
        "StableCascadeUNet",
        (1, 4, 32, 32),
        run=_cascade,
        in_channels=4,
        out_channels=4,
        patch_size=2,
        conditioning_dim=16,
        block_out_channels=(16, 32),
        num_attention_heads=(2, 2),
        down_num_layers_per_block=(1, 1),
        up_num_layers_per_block=(1, 1),
        clip_text_pooled_in_channels=16,
        switch_level=(False,),
    ),
]
