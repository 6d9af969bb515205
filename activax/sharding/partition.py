"""The parts of every parameter that each device of a mesh holds."""

import dataclasses
import math
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
from jax.sharding import PartitionSpec

from activax.nn.layer import AxisNames, Layer, Params
from activax.nn.summary import aligned
from activax.sharding.logical_axes import axes, checked_names, path_of
from activax.sharding.rules import AnyMesh, Rules, mesh_axes_by_name


class PartitionRow(NamedTuple):
    """A parameter with its part of the mesh."""

    path: str
    shape: tuple[int, ...]
    axes: AxisNames
    spec: PartitionSpec
    bytes: int  # on each device
    whole: tuple[str, ...]  # each axis that a rule would split, but whose size does not divide


@dataclasses.dataclass(frozen=True, repr=False)
class Partition:
    """The shardings of all parameters; prints as a table.

    Attributes:
        specs: a tree like the parameters, with a PartitionSpec in the place of each array.
        rows: a PartitionRow for each parameter.
        bytes: the memory of all parameters on each device.
    """

    specs: Any
    rows: tuple[PartitionRow, ...]
    bytes: int

    def __repr__(self) -> str:
        return aligned(
            [
                ("path", "shape", "axes", "spec", "bytes a device", "whole"),
                *(
                    (
                        row.path,
                        ", ".join(map(str, row.shape)),
                        ", ".join(name or "-" for name in row.axes),
                        ", ".join(_listed(part) for part in row.spec),
                        f"{row.bytes:,}",
                        "; ".join(row.whole),
                    )
                    for row in self.rows
                ),
                ("total", "", "", "", f"{self.bytes:,}", ""),
            ],
            right={"bytes a device"},
        )


def specs(network: Any, params: Params, rules: str | Rules, mesh: AnyMesh) -> Any:
    """Return the PartitionSpec of every parameter.

    Every axis of the mesh splits at most one axis of an array: that of the first rule. An axis
    whose size is no multiple of its number of parts stays whole on all devices, and a warning says
    which; `partition` shows it in a table.

    With the specs a network starts sharded, as any tree of their structure does:

        with jax.set_mesh(mesh):
            params = jax.jit(network.init, out_shardings=specs)(key, example)

    Args:
        network: a Layer; or names for the axes, a tree like the parameters with a tuple of names,
            or a PartitionSpec of names, in the place of each array: from `axes`, `axes_by_path`,
            or `flax.linen.get_partition_spec`.
        params: the parameters, or their shapes from `jax.eval_shape(network.init, ...)`.
        rules: a mapping from names of axes to an axis of the mesh, to a tuple of axes, or to None;
            or ready rules (`activax.sharding.READY`): "fsdp" splits embed over the axis "data" of
            the mesh, "megatron" splits mlp, heads, kv_heads and vocab over "model", and "experts"
            splits experts over "expert"; "fsdp+megatron" joins two. Axes without a rule stay whole,
            but for those named like an axis of the mesh.
        mesh: a mesh, or a `jax.sharding.AbstractMesh` to plan for devices that are not there.

    Returns:
        A tree like the parameters with a PartitionSpec in the place of each array.

    Raises:
        TypeError: rules that are no mapping, params that are not arrays, or a mesh that is none.
        ValueError: unknown ready rules, rules with an axis that the mesh does not have, names that
            are not one for each axis, or a tree of names that is not like the parameters.

    Example:
        >>> mesh = jax.sharding.AbstractMesh((2, 4), ("data", "model"))
        >>> network = activax.nn.ffn(64, bias=False)
        >>> x = jax.ShapeDtypeStruct((8, 16), "float32")
        >>> params = jax.eval_shape(network.init, jax.random.key(0), x)
        >>> found = activax.sharding.specs(network, params, "fsdp+megatron", mesh)
        >>> tuple(found["up"]["weight"]), tuple(found["down"]["weight"])
        (('data', 'model'), ('model', 'data'))

    Paper:
        Xu et al. 2021, GSPMD: General and Scalable Parallelization for ML Computation Graphs,
        arXiv:2105.04663.
    """
    found = _partition("specs", network, params, rules, mesh)
    if whole := [f"{row.path}: {text}" for row in found.rows for text in row.whole]:
        warnings.warn(
            f"specs: {len(whole)} axes stay whole on every device, because their size is no "
            f"multiple of the parts: {'; '.join(whole)}",
            stacklevel=2,
        )
    return found.specs


def partition(network: Any, params: Params, rules: str | Rules, mesh: AnyMesh) -> Partition:
    """List the shardings of all parameters, with their memory and the axes that stay whole.

    Args:
        network: as for `specs`, as are all arguments.
        params: the parameters, or their shapes.
        rules: a mapping, or the name of ready rules.
        mesh: a mesh.

    Returns:
        A `Partition`, which prints as a table and has `specs`, `rows` and `bytes`.

    Raises:
        TypeError: as `specs`.
        ValueError: as `specs`.

    Example:
        >>> mesh = jax.sharding.AbstractMesh((2, 4), ("data", "model"))
        >>> network = activax.nn.serial(activax.nn.ffn(64), activax.nn.dense(10))
        >>> x = jax.ShapeDtypeStruct((8, 16), "float32")
        >>> params = jax.eval_shape(network.init, jax.random.key(0), x)
        >>> activax.sharding.partition(network, params, "megatron", mesh)
        path           shape   axes        spec      bytes a device  whole
        0/down/bias    16      embed       -                     64
        0/down/weight  64, 16  mlp, embed  model, -           1,024
        0/up/bias      64      mlp         model                 64
        0/up/weight    16, 64  embed, mlp  -, model           1,024
        1/bias         10      mlp         -                     40  mlp 10 over model 4
        1/weight       16, 10  embed, mlp  -, -                 640  mlp 10 over model 4
        total                                                 2,856
    """
    return _partition("partition", network, params, rules, mesh)


def _partition(
    function: str, network: Any, params: Params, rules: str | Rules, mesh: AnyMesh
) -> Partition:
    by_name = mesh_axes_by_name(function, rules, mesh)
    structure: Any
    leaves, structure = jax.tree.flatten_with_path(params)
    named = axes(network, params) if isinstance(network, Layer) else network
    try:
        names = structure.flatten_up_to(named)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{function}: network must be a Layer, or names of axes in a tree like params; {error}"
        ) from None
    rows = []
    for (path, leaf), own in zip(leaves, names, strict=True):
        where = path_of(path)
        rows.append(
            _row(where, leaf, checked_names(function, where, leaf, own), by_name, mesh.shape)
        )
    specs = jax.tree.unflatten(structure, [row.spec for row in rows])
    return Partition(specs, tuple(rows), sum(row.bytes for row in rows))


def _row(
    path: str,
    leaf: Any,
    names: AxisNames,
    by_name: dict[str, tuple[str, ...]],
    sizes: Mapping[str, int],
) -> PartitionRow:
    """Return the row of one array, whose axes take the axes of the mesh in the order of rules."""
    order = list(by_name)
    ruled = [(order.index(name), i, name) for i, name in enumerate(names) if name in by_name]
    parts: list[tuple[str, ...]] = [()] * len(names)
    taken: set[str] = set()
    whole = []
    for _, i, name in sorted(ruled):
        wanted = tuple(axis for axis in by_name[name] if axis not in taken)
        number = math.prod(sizes[axis] for axis in wanted)
        if leaf.shape[i] % number:
            whole.append(f"{name} {leaf.shape[i]} over {' x '.join(wanted)} {number}")
        else:
            parts[i] = wanted
            taken.update(wanted)
    spec = PartitionSpec(*(p if len(p) > 1 else p[0] if p else None for p in parts))
    size = leaf.size * leaf.dtype.itemsize // math.prod(sizes[axis] for axis in taken)
    return PartitionRow(path, tuple(leaf.shape), names, spec, size, tuple(whole))


def _listed(part: str | tuple[str, ...] | None) -> str:
    return "-" if part is None else part if isinstance(part, str) else " x ".join(part)
