"""Shardings of parameters on a mesh of devices, from the names of their axes.

Layers name the axes of their parameters, rules map names to axes of a mesh, and JAX does the rest:

    shapes = jax.eval_shape(network.init, key, example)
    specs = sharding.specs(network, shapes, "fsdp+megatron", mesh)
    with jax.set_mesh(mesh):
        params = jax.jit(network.init, out_shardings=specs)(key, example)
"""

from activax.core import contents as _contents
from activax.sharding.logical_axes import axes, axes_by_path
from activax.sharding.partition import Partition, partition, specs
from activax.sharding.rules import READY
from activax.sharding.states import of_state

__all__ = [
    "READY",
    "Partition",
    "axes",
    "axes_by_path",
    "of_state",
    "partition",
    "specs",
]

__doc__ = _contents.index(
    __name__, __all__, READY="Rules by name, from names of axes to axes of a mesh; read-only."
)


def __dir__() -> list[str]:
    return __all__
