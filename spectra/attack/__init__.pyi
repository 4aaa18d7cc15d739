from ._attack import attack
from ._effect import Effect, effect
from ._inputs import attack_batch, attacked_inputs
from ._losses import per_pixel_loss
from ._spec import AttackSpec
from ._weights import is_always_one

__all__ = [
    "AttackSpec",
    "Effect",
    "attack",
    "attack_batch",
    "attacked_inputs",
    "effect",
    "is_always_one",
    "per_pixel_loss",
]
