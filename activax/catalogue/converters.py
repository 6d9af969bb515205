"""Activations from the modules of PyTorch and the operators of ONNX, with their parameters.

Neither library is imported: an object is read by the names of its class and of its attributes.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import jax.numpy as jnp
import numpy as np

from activax.catalogue.lookup import get
from activax.core.activation import Activation
from activax.core.affine import affine

NONE: Mapping[str, Any] = MappingProxyType({})

# By class of torch.nn: for each of our parameters the attribute that holds its value.
TORCH: Mapping[str, Mapping[str, str]] = {
    "CELU": {"alpha": "alpha"},
    "ELU": {"alpha": "alpha"},
    "GLU": {"axis": "dim"},
    "Hardshrink": {"threshold": "lambd"},
    "LeakyReLU": {"negative_slope": "negative_slope"},
    "LogSoftmax": {"axis": "dim"},
    "RReLU": {"lower": "lower", "upper": "upper"},
    "Softmax": {"axis": "dim"},
    "Softmin": {"axis": "dim"},
    "Softplus": {"beta": "beta"},
    "Softshrink": {"threshold": "lambd"},
    "Threshold": {"threshold": "threshold", "value": "value"},
}
# By operator of ONNX: the attributes, and for each our parameter and the default of ONNX.
ONNX: Mapping[str, Mapping[str, tuple[str, Any]]] = {
    "Celu": {"alpha": ("alpha", 1.0)},
    "Elu": {"alpha": ("alpha", 1.0)},
    "Gelu": {"approximate": ("", "none")},
    "HardSigmoid": {"alpha": ("slope", 0.2), "beta": ("offset", 0.5)},
    "Hardmax": {"axis": ("axis", -1)},
    "LeakyRelu": {"alpha": ("negative_slope", 0.01)},
    "LogSoftmax": {"axis": ("axis", -1)},
    "Selu": {"alpha": ("", 1.6732631921768188), "gamma": ("", 1.0507010221481323)},
    "Shrink": {"bias": ("bias", 0.0), "lambd": ("lambd", 0.5)},
    "Softmax": {"axis": ("axis", -1)},
    "Swish": {"alpha": ("", 1.0)},
    "ThresholdedRelu": {"alpha": ("theta", 1.0)},
}


def from_torch(module: Any, *, ndim: int | None = None) -> Activation[...]:
    """Return the activation that computes what a module of `torch.nn` does.

    Parameters of the module are bound. `RReLU` draws nothing without a key, as in evaluation;
    `Softplus` has no threshold beyond which it is linear, which changes no float32.

    Args:
        module: an activation of `torch.nn`, such as `torch.nn.LeakyReLU(0.1)`.
        ndim: the number of axes of the input of a `PReLU` with a slope for each channel; torch has
            the channels on axis 1.

    Raises:
        TypeError: what is no module of torch.
        ValueError: a module that is no activation of this library; a softmax without `dim`; a PReLU
            with several slopes without `ndim`.

    Example:
        >>> import torch  # doctest: +SKIP
        >>> activax.from_torch(torch.nn.ELU(0.5))  # doctest: +SKIP
        activax.elu.bind(alpha=0.5)
    """
    kind = type(module).__name__
    if not any(c.__module__.partition(".")[0] == "torch" for c in type(module).__mro__):
        raise TypeError(f"from_torch: module must be an activation of torch.nn; got {kind}")
    if kind == "PReLU":
        return get("prelu").bind(negative_slope=_channels(module.weight, ndim))
    if kind == "Hardtanh":
        ends = float(module.min_val), float(module.max_val)
        return get("hard_tanh") if ends == (-1, 1) else get("clamp").bind(low=ends[0], high=ends[1])
    if kind == "GELU":
        return get("gelu_tanh" if module.approximate == "tanh" else "gelu")
    if kind == "Softmax2d":
        return get("softmax").bind(axis=-3)
    try:
        activation = get(f"torch.{kind}")
    except ValueError:
        raise ValueError(
            f"from_torch: {kind} is no activation of this library; activax.get finds activations "
            "by name"
        ) from None
    bound = {ours: getattr(module, theirs) for ours, theirs in TORCH.get(kind, NONE).items()}
    if bound.get("axis", 0) is None:
        raise ValueError(f"from_torch: {kind} must have a dim; torch guesses one from the input")
    return _bound(activation, bound)


def from_onnx(operator: Any, attributes: Mapping[str, Any] = NONE) -> Activation[...]:
    """Return the activation that computes what an operator of ONNX does.

    Attributes that are not given have the defaults of ONNX. `Softmax`, `LogSoftmax` and `Hardmax`
    are those of operator set 13 and later.

    Args:
        operator: the type of an operator, such as "LeakyRelu", or an `onnx.NodeProto`.
        attributes: its attributes by name; none beside a NodeProto, which has its own.

    Raises:
        TypeError: an operator that is neither, or attributes beside a NodeProto.
        ValueError: an operator that is no activation of this library, an attribute that the
            operator has not, or PRelu, whose slope is an input.

    Example:
        >>> activax.from_onnx("LeakyRelu", {"alpha": 0.1})
        activax.leaky_relu.bind(negative_slope=0.1)
        >>> activax.from_onnx("HardSigmoid")
        activax.hard_sigmoid_02
    """
    if hasattr(operator, "op_type"):
        if attributes:
            raise TypeError("from_onnx: a NodeProto has its attributes; give no others")
        attributes = {a.name: _onnx_value(a) for a in operator.attribute}
        operator = operator.op_type
    if not isinstance(operator, str):
        raise TypeError(
            "from_onnx: operator must be the type of an operator or a NodeProto; got "
            f"{type(operator).__name__}"
        )
    known = ONNX.get(operator, NONE)
    for name in attributes:
        if name not in known:
            raise ValueError(
                f"from_onnx: {operator} has no attribute {name!r}; it has "
                f"{', '.join(known) or 'none'}"
            )
    if operator == "PRelu":
        raise ValueError(
            "from_onnx: the slope of PRelu is an input of the node; write "
            "activax.prelu.bind(negative_slope=...)"
        )
    given = {name: attributes.get(name, default) for name, (_, default) in known.items()}
    if operator in _UNLIKE:
        return _UNLIKE[operator](**given)
    try:
        activation = get(f"onnx.{operator}")
    except ValueError:
        raise ValueError(
            f"from_onnx: {operator} is no activation of this library; activax.get finds "
            "activations by name"
        ) from None
    return _bound(activation, {known[name][0]: value for name, value in given.items()})


def _bound(activation: Activation[...], values: Mapping[str, Any]) -> Activation[...]:
    """Bind the values that are not the defaults."""
    changed = {n: v for n, v in values.items() if v != activation.parameters[n]}
    return activation.bind(**changed) if changed else activation


def _channels(weight: Any, ndim: int | None) -> Any:
    """Return the slopes of a PReLU as an array that broadcasts against its input."""
    slopes = jnp.asarray(np.asarray(weight.detach().cpu()))
    if slopes.size == 1:
        return slopes.reshape(())
    if ndim is None or ndim < 2:
        raise ValueError(
            f"from_torch: PReLU has {slopes.size} slopes along axis 1; say with ndim, at least 2, "
            f"how many axes its input has; got {ndim}"
        )
    return slopes.reshape(-1, *(1,) * (ndim - 2))


def _onnx_value(attribute: Any) -> Any:
    """Return the value of an attribute: a float, an int or a string, by ONNX's number of a type."""
    read: Callable[[Any], Any] = {
        1: lambda a: a.f, 2: lambda a: a.i, 3: lambda a: a.s.decode()
    }.get(attribute.type, lambda a: a)  # fmt: skip
    return read(attribute)


def _gelu(approximate: str) -> Activation[...]:
    if approximate not in ("none", "tanh"):
        raise ValueError(f"from_onnx: approximate must be 'none' or 'tanh'; got {approximate!r}")
    return get("gelu_tanh" if approximate == "tanh" else "gelu")


def _hard_sigmoid(alpha: float, beta: float) -> Activation[...]:
    if (alpha, beta) == (0.2, 0.5):
        return get("hard_sigmoid_02")
    return get("parametric_hard_sigmoid").bind(slope=alpha, offset=beta)


def _selu(alpha: float, gamma: float) -> Activation[...]:
    default = [ONNX["Selu"][name][1] for name in ("alpha", "gamma")]
    if [alpha, gamma] == default:
        return get("selu")
    return affine(_bound(get("elu"), {"alpha": alpha}), scale=gamma)


def _swish(alpha: float) -> Activation[...]:
    return get("silu") if alpha == 1 else get("swish").bind(beta=alpha)


# Operators whose attributes choose the activation.
_UNLIKE: Mapping[str, Callable[..., Activation[...]]] = {
    "Gelu": _gelu,
    "HardSigmoid": _hard_sigmoid,
    "Selu": _selu,
    "Swish": _swish,
}
