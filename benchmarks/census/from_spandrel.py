"""Restoration and super-resolution networks of spandrel."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from torch import nn

from census.catalogue import Decoder, call

PATCH = (1, 3, 64, 64)


def _spandrel(
    name: str,
    where: str,
    *,
    shape: tuple[int, ...] = PATCH,
    run: Any = call,
    rearranged: Mapping[tuple[str, str], int] | None = None,
    why: str = "",
    encoder: bool = False,
    timed: Decoder | None = None,
    **options: Any,
) -> Decoder:
    """Take class ``where`` = ``folder.module.Class`` below ``spandrel.architectures``."""
    folder, module, class_name = where.split(".")

    def build() -> nn.Module:
        found = import_module(f"spandrel.architectures.{folder}.__arch.{module}")
        return getattr(found, class_name)(**options)

    return Decoder(
        f"spandrel:{name}",
        build,
        shape,
        run=run,
        rearranged=rearranged or {},
        why=why,
        encoder=encoder,
        timed=timed,
    )


def _gfpgan(shape: tuple[int, ...], *, timed: Decoder | None = None, **options: Any) -> Decoder:
    """At 512 x 512 and without options as it is published."""
    return _spandrel(
        "GFPGAN-clean",
        "GFPGAN.gfpganv1_clean_arch.GFPGANv1Clean",
        shape=shape,
        run=lambda model, x: model(x, randomize_noise=False)[0],
        timed=timed,
        out_size=shape[-1],
        num_style_feat=32 if options else 512,
        different_w=True,
        **options,
    )


SWIN = {"embed_dim": 16, "depths": (2, 2), "num_heads": (2, 2), "window_size": 8, "mlp_ratio": 2}

DECODERS = [
    _spandrel("SwinIR", "SwinIR.SwinIR.SwinIR", **SWIN, upscale=4, upsampler="pixelshuffle"),
    _spandrel(
        "SwinIR-nearest", "SwinIR.SwinIR.SwinIR", **SWIN, upscale=4, upsampler="nearest+conv"
    ),
    _spandrel(
        "HAT",
        "HAT.HAT.HAT",
        **SWIN | {"window_size": 16},
        upscale=2,
        squeeze_factor=4,
        num_feat=16,
    ),
    _spandrel("ESRGAN", "ESRGAN.RRDB.RRDBNet", num_filters=16, num_blocks=1, scale=4),
    _spandrel("RealCUGAN", "RealCUGAN.upcunet_v3.UpCunet2x"),
    _spandrel("RealCUGAN-x3", "RealCUGAN.upcunet_v3.UpCunet3x"),
    _spandrel(
        "NAFNet",
        "NAFNet.NAFNet_arch.NAFNet",
        width=8,
        middle_blk_num=1,
        enc_blk_nums=[1, 1, 1],
        dec_blk_nums=[1, 1, 1],
    ),
    _spandrel("SPAN", "SPAN.span.SPAN", num_in_ch=3, num_out_ch=3, feature_channels=16),
    _spandrel("OmniSR", "OmniSR.OmniSR.OmniSR", num_feat=16),
    _spandrel(
        "DAT",
        "DAT.DAT.DAT",
        embed_dim=16,
        split_size=[8, 8],
        depth=[2],
        num_heads=[2],
        upscale=3,
    ),
    _spandrel(
        "ATD",
        "ATD.atd_arch.ATD",
        embed_dim=16,
        depths=(1,),
        num_heads=(2,),
        num_tokens=16,
        category_size=64,
        upscale=4,
        upsampler="nearest+conv",
    ),
    _spandrel("SCUNet", "SCUNet.SCUNet.SCUNet", config=[1] * 7, dim=64, input_resolution=64),
    _spandrel("FBCNN", "FBCNN.FBCNN.FBCNN", nb=1),
    _spandrel(
        "FDAT",
        "FDAT.fdat.FDAT",
        embed_dim=16,
        num_groups=1,
        depth_per_group=2,
        num_heads=2,
        mid_dim=16,
        upsampler_type="transpose+conv",
    ),
    _spandrel("MoSR", "MoSR.mosr_arch.MoSR", n_block=2, dim=16, upscale=2),
    _spandrel(
        "Uformer",
        "Uformer.Uformer.Uformer",
        img_size=128,
        shape=(1, 3, 128, 128),
        embed_dim=8,
        depths=[1] * 9,
        num_heads=[1, 2, 4, 8, 8, 8, 8, 4, 2],
    ),
    _gfpgan((1, 3, 128, 128), narrow=0.0625, channel_multiplier=1, timed=_gfpgan((1, 3, 512, 512))),
    _spandrel(
        "LaMa",
        "LaMa.LaMa.FFCResNetGenerator",
        shape=(1, 4, 128, 128),
        run=lambda model, x: model(x[:, :3], x[:, 3:]),
        input_nc=4,
        output_nc=3,
        ngf=8,
        n_blocks=1,
        init_conv_kwargs={"ratio_gin": 0, "ratio_gout": 0},
        downsample_conv_kwargs={"ratio_gin": 0, "ratio_gout": 0},
        resnet_conv_kwargs={"ratio_gin": 0.75, "ratio_gout": 0.75},
    ),
    _spandrel(
        "KBNet",
        "KBNet.kbnet_s.KBNet_s",
        width=8,
        middle_blk_num=1,
        enc_blk_nums=[1, 1],
        dec_blk_nums=[1, 1],
    ),
    _spandrel("MixDehazeNet", "MixDehazeNet.MixDehazeNet.MixDehazeNet"),
    _spandrel("RetinexFormer", "RetinexFormer.retinexformer_arch.RetinexFormer"),
    _spandrel("FFTformer", "FFTformer.fftformer_arch.FFTformer"),
    _spandrel("Compact", "Compact.SRVGG.SRVGGNetCompact", num_feat=16, num_conv=2),
    _spandrel("PLKSR", "PLKSR.PLKSR.PLKSR", dim=16, n_blocks=2),
    _spandrel(
        "RealPLKSR-dysample",
        "PLKSR.RealPLKSR.RealPLKSR",
        dim=16,
        n_blocks=2,
        kernel_size=5,
        dysample=True,
    ),
    _spandrel("SAFMN", "SAFMN.safmn.SAFMN", dim=16, n_blocks=1),
    _spandrel("DnCNN", "DnCNN.network_dncnn.DnCNN", shape=(1, 1, 64, 64), nb=4, encoder=True),
]
