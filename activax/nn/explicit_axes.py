"""Shardings of results on a mesh of Explicit axes, where JAX does not choose them."""

from collections.abc import Callable
from typing import Any

import jax
from jax import Array
from jax.sharding import AbstractMesh, AxisType, NamedSharding, PartitionSpec

Sharding = NamedSharding | PartitionSpec | None
MeshEntry = str | tuple[str, ...] | None  # of a PartitionSpec


def with_sharding(function: Callable[..., Array], out_sharding: Sharding, *arrays: Array) -> Array:
    """Call a function of arrays that are on Explicit axes, with the sharding of its result."""
    mesh = explicit_mesh(*arrays)
    if mesh is None or out_sharding is None:
        return function(*arrays)
    if isinstance(out_sharding, PartitionSpec):
        out_sharding = NamedSharding(mesh, out_sharding)
    axes = tuple(sorted(_explicit_axes(mesh)))
    return jax.sharding.auto_axes(function, axes=axes, out_sharding=out_sharding)(*arrays)


def explicit_mesh(*arrays: Any) -> AbstractMesh | None:
    """Return the mesh of arrays if some of its axes are Explicit, or None."""
    for array in arrays:
        mesh = jax.typeof(array).sharding.mesh
        if _explicit_axes(mesh):
            return mesh
    return None


def explicit_sharding(array: Array) -> NamedSharding | None:
    """Return the sharding of an array if some axes of its mesh are Explicit, or None."""
    return jax.typeof(array).sharding if explicit_mesh(array) else None


def entries(array: Any) -> tuple[MeshEntry, ...]:
    """Return the axes of the mesh that split each axis of an array, None where none does."""
    return tuple(jax.typeof(array).sharding.spec)


def joined(mesh: AbstractMesh, *parts: MeshEntry) -> NamedSharding:
    """Return the sharding of these parts; an axis of the mesh stays at its first place only."""
    taken: set[str] = set()
    kept: list[MeshEntry] = []
    for part in parts:
        axes = {part} if isinstance(part, str) else set(part or ())
        kept.append(None if axes & taken else part)
        taken |= axes
    return NamedSharding(mesh, PartitionSpec(*kept))


def _explicit_axes(mesh: AbstractMesh) -> set[str]:
    kinds = zip(mesh.axis_names, mesh.axis_types, strict=True)
    return {axis for axis, kind in kinds if kind == AxisType.Explicit}
