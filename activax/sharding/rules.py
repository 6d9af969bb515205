"""Rules from names of axes to axes of a mesh."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from jax.sharding import AbstractMesh, Mesh

AnyMesh = Mesh | AbstractMesh
MeshAxes = str | tuple[str, ...] | None
Rules = Mapping[str, MeshAxes]

# Zhao et al. 2023, PyTorch FSDP, arXiv:2304.11277: every weight is split over the data axis along
# the axis that its reader contracts or its writer makes, and gathered where it is used.
_FSDP: Rules = {"embed": "data", "conv_out": "data"}
# Shoeybi et al. 2019, Megatron-LM, arXiv:1909.08053: first weights are split along their outputs,
# and second weights along their inputs, so that a branch sends one array forward.
_MEGATRON: Rules = {"mlp": "model", "heads": "model", "kv_heads": "model", "vocab": "model"}
# Lepikhin et al. 2020, GShard, arXiv:2006.16668: each device has some of the experts.
_EXPERTS: Rules = {"experts": "expert"}

READY: Mapping[str, Rules] = MappingProxyType(
    {"fsdp": _FSDP, "megatron": _MEGATRON, "experts": _EXPERTS}
)


def mesh_axes_by_name(
    function: str, rules: str | Rules, mesh: AnyMesh
) -> dict[str, tuple[str, ...]]:
    """Return the axes of the mesh for each name of an axis, in the order of the rules.

    An axis of the mesh is also a name for itself, after all rules.
    """
    if not isinstance(mesh, AnyMesh):
        raise TypeError(
            f"{function}: mesh must be a jax.sharding.Mesh, as of jax.make_mesh; got "
            f"{type(mesh).__name__}"
        )
    given = _ready(function, rules) if isinstance(rules, str) else rules
    if not isinstance(given, Mapping):
        raise TypeError(
            f"{function}: rules must be a name or a mapping from names of axes to axes of the "
            f"mesh; got {type(given).__name__}"
        )
    found = {name: _as_tuple(axes) for name, axes in given.items()}
    for name, axes in found.items():
        for axis in axes:
            if axis not in mesh.shape:
                raise ValueError(
                    f"{function}: rules must map to axes of the mesh, which has "
                    f"{_listed(mesh.axis_names)}; got {name!r} to {axis!r}. Rename the axes of the "
                    "mesh, or pass a mapping."
                )
    return found | {axis: (axis,) for axis in mesh.axis_names if axis not in found}


def _ready(function: str, rules: str) -> Rules:
    """Return the ready rules of a name, or of several names joined by "+"."""
    joined: dict[str, MeshAxes] = {}
    for name in rules.split("+"):
        if name not in READY:
            raise ValueError(
                f"{function}: rules must be {_listed(READY)}, several of these joined by '+', or a "
                f"mapping; got {rules!r}"
            )
        joined |= READY[name]
    return joined


def _as_tuple(axes: Any) -> tuple[str, ...]:
    if axes is None:
        return ()
    return (axes,) if isinstance(axes, str) else tuple(axes)


def _listed(names: Iterable[Any]) -> str:
    return ", ".join(map(repr, names))
