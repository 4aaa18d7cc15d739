from ._attack import attack
from ._effect import Effect, effect
from ._inputs import attacked_inputs, check_attackable
from ._losses import per_pixel_loss
from ._spec import AttackSpec
from ._weights import is_always_one

__all__ = [
    "AttackSpec",
    "Effect",
    "attack",
    "attacked_inputs",
    "check_attackable",
    "effect",
    "is_always_one",
    "per_pixel_loss",
]
