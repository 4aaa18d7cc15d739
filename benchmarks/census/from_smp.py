"""Decoders of segmentation-models-pytorch."""

from typing import Any

from torch import nn

from census.catalogue import Decoder


def _smp(name: str, **options: Any) -> Decoder:
    size = options.pop("size", 128)

    def build() -> nn.Module:
        import segmentation_models_pytorch as smp

        arguments = {"encoder_name": "resnet18", "encoder_weights": None, "classes": 4} | options
        return getattr(smp, name)(**arguments)

    return Decoder(f"smp:{name}", build, (1, 3, size, size))


DECODERS = [
    _smp("Unet"),
    _smp("UnetPlusPlus"),
    _smp("MAnet"),
    _smp("Linknet"),
    _smp("FPN"),
    _smp("PSPNet"),
    _smp("DeepLabV3"),
    _smp("DeepLabV3Plus"),
    _smp("PAN"),
    _smp("UPerNet"),
    _smp("Segformer", encoder_name="mit_b0"),
    _smp("DPT", encoder_name="tu-vit_tiny_patch16_224", dynamic_img_size=True),
]
