from ._attack import attack
from ._losses import per_pixel_loss
from ._spec import AttackSpec

__all__ = [
    "AttackSpec",
    "attack",
    "per_pixel_loss",
]
