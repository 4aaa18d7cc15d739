"""Encoders of timm, which must report nothing, and the few that grow a map inside."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from census.catalogue import Decoder


def _timm(
    name: str, size: int, *, encoder: bool = True, label: str = "", **options: Any
) -> Decoder:
    def build() -> nn.Module:
        import timm

        return timm.create_model(name, pretrained=False, num_classes=0, **options)

    return Decoder(
        f"timm:{label or name}", build, (1, 3, size, size), run=_features, encoder=encoder
    )


def _features(model: Any, x: Tensor) -> object:
    return model.forward_features(x)


DECODERS = [
    _timm("vit_tiny_patch16_224", 320, dynamic_img_size=True, depth=3),
    _timm("swin_tiny_patch4_window7_224", 112, img_size=112, depths=(1, 1, 2, 1)),
    _timm("swinv2_cr_tiny_224", 224, depths=(1, 1, 2, 1)),
    _timm("maxvit_rmlp_pico_rw_256", 128, img_size=128),
    _timm("coatnet_pico_rw_224", 128, img_size=128),
    _timm("efficientvit_b0", 128),
    _timm("efficientvit_m0", 224),
    _timm("convnext_atto", 128),
    _timm("mvitv2_tiny", 224),
    _timm("eva02_tiny_patch14_224", 252, dynamic_img_size=True, depth=3),
    _timm("pvt_v2_b0", 128),
    _timm("xcit_nano_12_p16_224", 128),
    _timm("hrnet_w18_small", 128, encoder=False),
    _timm("efficientformerv2_s0", 224, encoder=False),
]
