"""Decoders of sound of transformers: codecs and vocoders."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from census.transformers_built import decoder


def _spoken(model: Any, x: Tensor) -> object:
    return model(x).audio_values


def _wave(model: Any, x: Tensor) -> object:
    """Give a vocoder's wave a channel axis, without which it is no map."""
    made = model(x)
    wave = made if isinstance(made, Tensor) else made.waveform
    return wave[:, None]


def _univnet(model: Any, x: Tensor) -> object:
    noise = torch.linspace(-1, 1, 20 * 8).reshape(1, 20, 8)
    return model(x, noise_sequence=noise).waveforms[:, None]


SOUND = [
    decoder(
        "EncodecModel",
        (1, 1, 3200),
        lambda _: {"num_filters": 8, "hidden_size": 32, "codebook_size": 16, "codebook_dim": 32},
        config="EncodecConfig",
        run=lambda model, x: model.decoder(model.encoder(x)),
    ),
    decoder(
        "DacModel",
        (1, 1, 2048),
        lambda _: {
            "encoder_hidden_size": 8,
            "decoder_hidden_size": 64,
            "n_codebooks": 2,
            "codebook_size": 16,
            "hidden_size": 128,
        },
        config="DacConfig",
        run=lambda model, x: model(x).audio_values[:, None],
    ),
    decoder(
        "MimiModel",
        (1, 1, 3840),
        lambda _: {
            "num_filters": 8,
            "hidden_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "head_dim": 16,
            "intermediate_size": 32,
            "codebook_size": 16,
            "codebook_dim": 16,
            "vector_quantization_hidden_dimension": 16,
            "num_quantizers": 4,
            "upsample_groups": 32,
        },
        config="MimiConfig",
        run=_spoken,
    ),
    decoder(
        "SpeechT5HifiGan",
        (1, 400, 80),
        lambda _: {"upsample_initial_channel": 32},
        config="SpeechT5HifiGanConfig",
        run=_wave,
    ),
    decoder(
        "FastSpeech2ConformerHifiGan",
        (1, 400, 80),
        lambda _: {"upsample_initial_channel": 32},
        config="FastSpeech2ConformerHifiGanConfig",
        run=_wave,
    ),
    decoder(
        "UnivNetModel",
        (1, 20, 100),
        lambda _: {
            "model_in_channels": 8,
            "model_hidden_channels": 8,
            "kernel_predictor_hidden_channels": 8,
        },
        config="UnivNetConfig",
        run=_univnet,
    ),
    decoder(
        "VitsModel",
        (1, 100),
        lambda _: {
            "vocab_size": 20,
            "hidden_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "ffn_dim": 32,
            "flow_size": 32,
            "spectrogram_bins": 33,
            "upsample_initial_channel": 32,
            "prior_encoder_num_wavenet_layers": 1,
            "posterior_encoder_num_wavenet_layers": 1,
            "prior_encoder_num_flows": 1,
            "duration_predictor_num_flows": 1,
            "depth_separable_num_layers": 1,
        },
        config="VitsConfig",
        run=_wave,
        tokens=20,
    ),
]
