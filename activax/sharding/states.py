"""The shardings of the state of an optimiser."""

from typing import Any

import jax
from jax.sharding import PartitionSpec

from activax.nn.layer import Params

Path = tuple[Any, ...]


def of_state(state: Any, params: Params, specs: Any) -> Any:
    """Return the PartitionSpec of every array of a state, as those of the parameters in it.

    An array belongs to a parameter if its path in the state ends with the path of the parameter,
    and its shape with the shape of the parameter: moments of Adam, averages, accumulated gradients,
    and memories with an axis in front, which stays whole. All other arrays, such as counts, keys
    and factored moments, are whole on every device.

    Args:
        state: the state of an optimiser or of training, `activax.training.State` for one, with
            arrays or shapes: `jax.eval_shape(optimizer.init, params)`.
        params: the parameters, or their shapes.
        specs: their PartitionSpecs, from `activax.sharding.specs`.

    Returns:
        A tree like the state with a PartitionSpec in the place of each array.

    Raises:
        ValueError: specs that are not a tree like the parameters.

    Example:
        >>> import optax
        >>> params = {"weight": jax.ShapeDtypeStruct((16, 64), "float32")}
        >>> state = jax.eval_shape(optax.adam(1e-3).init, params)
        >>> specs = {"weight": jax.P("data", "model")}
        >>> moments, _ = activax.sharding.of_state(state, params, specs)
        >>> tuple(moments.mu["weight"]), tuple(moments.count)
        (('data', 'model'), ())
    """
    structure: Any
    leaves, structure = jax.tree.flatten_with_path(params)
    try:
        of_params = structure.flatten_up_to(specs)
    except (TypeError, ValueError) as error:
        raise ValueError(f"of_state: specs must be a tree like params; {error}") from None
    known = {
        path: (tuple(leaf.shape), spec)
        for (path, leaf), spec in zip(leaves, of_params, strict=True)
    }

    def spec_of(path: Path, leaf: Any) -> PartitionSpec:
        for start in range(len(path) + 1):  # the longest path first
            if (found := known.get(path[start:])) is not None:
                shape, spec = found
                more = leaf.ndim - len(shape)
                if more >= 0 and tuple(leaf.shape[more:]) == shape:
                    return PartitionSpec(*(None,) * more, *spec)
        return PartitionSpec()

    return jax.tree.map_with_path(spec_of, state)
