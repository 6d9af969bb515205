"""The numbers that `plot` draws, and the checks of its arguments."""

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from activax.diagnostics.gradients import GradientFlow
from activax.diagnostics.units import HealthReport

NORMS = ("gradient_norm", "update_ratio")
FLAGS = ("dead", "dormant", "zero_gradient", "saturated")
KNOWN_BY = {"dormant": "dormancy", "saturated": "saturated_share"}  # NaN: the flag is unknown

Curve = dict[str, float]  # by path


def norms(caller: str, flows: Any) -> dict[str, dict[str, Curve]]:
    """Return {norm: {flow: {path: value}}}; a flow without a name is stored under "".

    The update ratio of a parameter that is 0, such as a bias before training, is left out.

    Example:
        >>> from activax.diagnostics.plot_data import norms
        >>> flow = activax.diagnostics.gradient_flow(jnp.sum, jnp.array([3.0, 4.0]), update=0.1)
        >>> norms("f", {"step 0": flow})["gradient_norm"]
        {'step 0': {'': 1.4142135381698608}}
    """
    named = _mapping(caller, "flows", flows)
    if all(isinstance(flow, GradientFlow) for flow in named.values()):
        named = {"": named}
    for name, flow in named.items():
        _check_flow(caller, name, flow)
    return {
        which: {
            name: {
                path: float(value)
                for path, parameter in flow.items()
                if (value := getattr(parameter, which)) is not None
                and not _beside_zero(which, parameter)
            }
            for name, flow in named.items()
        }
        for which in NORMS
    }


def _beside_zero(which: str, flow: GradientFlow) -> bool:
    """Return whether a norm is infinite only because it is relative to a parameter of 0."""
    ratio = which == "update_ratio" and flow.update_ratio
    return bool(ratio == math.inf and flow.parameter_norm == 0)


def _check_flow(caller: str, name: str, flow: Any) -> None:
    if not isinstance(flow, Mapping) or not all(isinstance(v, GradientFlow) for v in flow.values()):
        raise TypeError(
            f"{caller}: flows must be what activax.diagnostics.gradient_flow returned, or several "
            f"of these by name; got {type(flow).__name__} for {name!r}"
        )
    for path, parameter in _mapping(caller, f"flows[{name!r}]", flow).items():
        shapes = {np.shape(norm) for norm in (parameter.gradient_norm, parameter.update_ratio)}
        if shapes != {()}:
            raise ValueError(
                f"{caller}: norms must be scalars; got shape {max(shapes)} for {path!r}. "
                "Draw one network, or the mean over several."
            )


def in_network_order(curves: list[list[str]]) -> list[str]:
    """Return the paths of all curves in the order of the network.

    `jax.jit` sorts the keys of a dict as text, with 10 before 2. So if all curves are sorted as
    text, their paths are sorted by number.

    Example:
        >>> from activax.diagnostics.plot_data import in_network_order
        >>> in_network_order([["0/weight", "10/weight", "2/weight"]])
        ['0/weight', '2/weight', '10/weight']
    """
    paths = [*dict.fromkeys(path for curve in curves for path in curve)]
    if all(curve == sorted(curve) for curve in curves):
        paths.sort(key=lambda path: re.sub(r"\d+", lambda digits: digits[0].zfill(9), path))
    return paths


def shares(caller: str, reports: Any) -> dict[str, dict[str, np.ndarray]]:
    """Return {layer: {flag: share of units at each time}}, NaN if any unit's flag is unknown.

    Example:
        >>> from activax.diagnostics.plot_data import shares
        >>> report = activax.diagnostics.HealthReport(*[jnp.array([[True, False]])] * 8)
        >>> shares("f", {"layer 1": report})["layer 1"]["dead"]
        array([0.5])
    """
    found = {}
    for name, report in _mapping(caller, "reports", reports).items():
        if not isinstance(report, HealthReport):
            raise TypeError(
                f"{caller}: reports must hold what health_report returned, stacked over time; "
                f"got {type(report).__name__} for {name!r}"
            )
        arrays = {field: np.asarray(value) for field, value in report._asdict().items()}
        shapes = {array.shape for array in arrays.values()}
        if len(shapes) > 1 or any(len(shape) != 2 or 0 in shape for shape in shapes):
            raise ValueError(
                f"{caller}: reports must hold arrays of shape (times, units); got "
                f"{' and '.join(map(str, sorted(shapes)))} for {name!r}. Stack the reports of "
                "several times: jax.tree.map(lambda *times: jnp.stack(times), *reports). Split the "
                "layers that a scan stacked: jax.tree.map(lambda a: a[:, 0], report)"
            )
        found[name] = {
            flag: np.where(np.isnan(arrays[KNOWN_BY.get(flag, flag)]), np.nan, arrays[flag]).mean(1)
            for flag in FLAGS
        }
    times = {len(share) for layer in found.values() for share in layer.values()}
    if len(times) > 1:
        raise ValueError(
            f"{caller}: all layers must have reports of as many times; got {sorted(times)} times"
        )
    return found


class Histogram(NamedTuple):
    """The histogram of a layer, in shares of all its elements, finite or not."""

    shares: np.ndarray  # in each bin
    zero_share: float
    nonfinite: int


def binned(caller: str, layers: Any, bins: int) -> tuple[np.ndarray, dict[str, Histogram]]:
    """Return the edges of bins over all finite values, and the histogram of each layer.

    Example:
        >>> from activax.diagnostics.plot_data import binned
        >>> edges, found = binned("f", {"layer 1": jnp.array([0.0, 0.5, 2.0])}, 2)
        >>> edges, found["layer 1"].shares
        (array([0., 1., 2.]), array([0.66666667, 0.33333333]))
    """
    if isinstance(bins, bool) or not isinstance(bins, int | np.integer) or bins < 1:
        raise ValueError(f"{caller}: bins must be a positive integer; got {bins!r}")
    given = _mapping(caller, "layers", layers)
    arrays = {name: _real(caller, name, array) for name, array in given.items()}
    finite = {name: array[np.isfinite(array)] for name, array in arrays.items()}
    values = np.concatenate([*finite.values()])
    low, high = values.min(initial=np.inf), values.max(initial=-np.inf)
    # Bins too narrow for float64 become as wide as NumPy's bins for equal values.
    narrow = not high - low > 4 * bins * np.spacing(max(abs(low), abs(high)))
    edges = np.histogram_bin_edges(values[:1] if narrow else values, bins)
    return edges, {
        name: Histogram(
            shares=np.histogram(finite[name], edges)[0] / array.size,
            zero_share=float(np.mean(array == 0)),
            nonfinite=array.size - finite[name].size,
        )
        for name, array in arrays.items()
    }


def _real(caller: str, name: str, value: Any) -> np.ndarray:
    array = np.asarray(value)
    if not any(jnp.issubdtype(array.dtype, kind) for kind in (np.floating, np.integer, np.bool_)):
        raise TypeError(f"{caller}: layers must hold real arrays; got {array.dtype} for {name!r}")
    if array.size == 0:
        raise ValueError(
            f"{caller}: layers must hold arrays with elements; got shape {array.shape} for {name!r}"
        )
    return array.ravel().astype(np.float64)


def _mapping(caller: str, argument: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{caller}: {argument} must be a dict; got {type(value).__name__}")
    if not value:
        raise ValueError(f"{caller}: {argument} must not be empty; got {value!r}")
    return value
