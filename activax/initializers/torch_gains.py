"""The gains of `torch.nn.init.calculate_gain`."""

import math

LINEAR = ("linear", *(f"conv{t}{n}d" for t in ("", "_transpose") for n in (1, 2, 3)))
TORCH_GAINS = {
    **dict.fromkeys((*LINEAR, "sigmoid"), 1.0),
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}
LEAKY_SLOPE = 0.01


def torch_gain(name: str, param: float | None = None) -> float:
    """Return torch's gain of an activation, to initialise a model as torch does.

    The gains of tanh and selu are empirical, and the gain of sigmoid is the one of linear layers.
    `activax.theory.gain` returns 1.593, 1 and 1.846 for tanh, selu and sigmoid.

    Args:
        name: "linear", "conv1d" ... "conv_transpose3d", "sigmoid", "tanh", "relu", "leaky_relu" or
            "selu".
        param: the negative slope of leaky_relu, 0.01 by default.

    Returns:
        A Python number.

    Raises:
        ValueError: torch does not know the name, or `param` is given for another name.

    Example:
        >>> round(activax.initializers.torch_gain("tanh"), 5)
        1.66667
        >>> round(activax.initializers.torch_gain("leaky_relu", 0.2), 5)
        1.38675

    Paper:
        He, Zhang, Ren & Sun 2015, Delving Deep into Rectifiers, arXiv:1502.01852.
    """
    if name == "leaky_relu":
        return math.sqrt(2 / (1 + (LEAKY_SLOPE if param is None else float(param)) ** 2))
    if name not in TORCH_GAINS:
        raise ValueError(
            f"torch_gain: torch knows {', '.join([*TORCH_GAINS, 'leaky_relu'])}; got {name!r}. For "
            "any activation, use activax.theory.gain"
        )
    if param is not None:
        raise ValueError(f"torch_gain: only leaky_relu has a param; got {param!r} for {name}")
    return TORCH_GAINS[name]
