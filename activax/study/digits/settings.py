"""The settings of the experiment, which flags of `activax train` set."""

import dataclasses

ACTIVATIONS = ("identity", "relu", "gelu", "silu", "tanh", "mish")
OPTIMIZERS = ("adam", "adamw", "lion", "rmsprop", "sgd")


@dataclasses.dataclass(frozen=True)
class Settings:
    """The size of the networks, and how they are trained."""

    depth: int = 3
    width: int = 128
    seeds: int = 5
    steps: int = 600
    batch: int = 128
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    dtype: str = "float32"
    learn: bool = False
    seed: int = 0
