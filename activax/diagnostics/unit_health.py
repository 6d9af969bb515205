"""The health of the units of every activation in a network."""

import math

import jax
import jax.numpy as jnp

from activax import theory
from activax._catalog import aliases, catalog
from activax.diagnostics.units import Health, before_batches, health_update
from activax.diagnostics.watch import Point


def unit_health(point: Point) -> Health | None:
    """The health of the units of an activation, for `activax.diagnostics.watch` to look for.

    An activation is known by the name that it is called by: any elementwise one of the catalogue,
    and its namesake in `jax.nn` where that is a function to JAX. Other points are passed over. The
    health after several batches is the sum of theirs, in their order.

    Args:
        point: what `watch` found.

    Returns:
        The health after this batch, with a unit for each of the output's last axis; None where
        there is no activation. Where its steepest slope cannot be told, because it is called with
        parameters that are traced or arrays, saturated_share is not known.

    Example:
        >>> look = activax.diagnostics.watch(activax.relu, activax.diagnostics.unit_health)
        >>> _, first = look(jnp.array([[-1.0, 1.0]]))
        >>> _, second = look(jnp.array([[-2.0, -1.0]]))
        >>> activax.diagnostics.health_report(first["relu"] + second["relu"]).zero_share
        Array([1. , 0.5], dtype=float32)
    """
    activation = catalog.get(aliases.get(point.name, point.name))
    if activation is None or activation.kind != "elementwise" or not point.inputs:
        return None
    inputs, *parameters = point.inputs
    if not jnp.ndim(inputs):
        return None
    known = not any(isinstance(p, jax.core.Tracer) or jnp.ndim(p) for p in parameters)
    values = [float(p) for p in parameters] if known else parameters
    names = activation._definition.arrays[1 : 1 + len(values)]
    activation = activation.bind(**dict(zip(names, values, strict=True)))
    steepest = theory.lipschitz(activation) if known else math.nan
    return health_update(before_batches(inputs.shape[-1], steepest), activation, inputs)
