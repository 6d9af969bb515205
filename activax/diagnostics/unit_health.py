"""The health of the units of every activation in a network."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from activax import theory
from activax.catalogue.lookup import by_name
from activax.core.activation import Activation
from activax.core.definition import EVERYWHERE
from activax.diagnostics.interpreter import Point
from activax.diagnostics.units import Health, before_batches, of_batch, steepness


def unit_health(point: Point) -> Health | None:
    """Return the health of the units of an activation, as an observation for `watch`.

    A point is an activation under two conditions: its function has the name of an elementwise
    activation of the catalogue, and exactly one input has the shape of the output. The slopes are
    the slopes of that function, even if the function shares only the name. Other points are
    skipped. The health after two batches is `first + second`.

    Args:
        point: a named point, as `activax.diagnostics.watch` passes it.

    Returns:
        The health after this batch, with one unit for each index of the output's last axis; None
        if the point is no activation. saturated_share is NaN if the steepest slope is unknown:
        because the function is neither the activation of the catalogue nor the function of
        `jax.nn`, or because its parameters are traced or arrays.

    Example:
        >>> look = activax.diagnostics.watch(activax.relu, activax.diagnostics.unit_health)
        >>> _, first = look(jnp.array([[-1.0, 1.0]]))
        >>> _, second = look(jnp.array([[-2.0, -1.0]]))
        >>> activax.diagnostics.health_report(first["relu"] + second["relu"]).zero_share
        Array([1. , 0.5], dtype=float32)
    """
    activation = by_name(point.name)
    function = point.function
    if activation is None or activation.kind != "elementwise" or function is None:
        return None
    shape = point.output.shape
    alike = [i for i, x in enumerate(point.inputs) if shape and jnp.shape(x) == shape]
    if len(alike) != 1:
        return None
    (at,) = alike
    x = point.inputs[at]
    _, slopes = steepness(lambda x: function(*point.inputs[:at], x, *point.inputs[at + 1 :]), x)
    before = before_batches(shape[-1], _steepest(activation, point))
    return before + of_batch(before.steepest, point.output, slopes)


def _steepest(activation: Activation[...], point: Point) -> float:
    """Return the steepest slope of the function, or NaN if it is unknown."""
    parameters = point.inputs[1:]
    fixed = not any(isinstance(p, jax.core.Tracer) or jnp.ndim(p) for p in parameters)
    if activation.domain != EVERYWHERE or not fixed or not _is_catalogued(activation, point):
        return math.nan
    values = dict(zip(activation.trainable, map(float, parameters), strict=False))
    return theory.lipschitz(activation.bind(**values))


def _is_catalogued(activation: Activation[...], point: Point) -> bool:
    """Return whether the function has the program of the activation, or of its jax.nn namesake."""

    def program(f: Any) -> str | None:
        try:
            return str(jax.make_jaxpr(f)(*point.inputs))
        except (TypeError, ValueError):  # f takes other arguments
            return None

    def by_name(f: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, *values: f(x, **dict(zip(activation.trainable, values, strict=False)))

    of_jax = getattr(jax.nn, point.name, None)
    ours = by_name(activation), by_name(activation.inner)
    return program(point.function) in map(program, (*ours, of_jax))
