"""The devices that train the networks of several seeds: the first one of each process."""

import dataclasses
from typing import Any

import jax
import numpy as np
from jax import Array
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec


@dataclasses.dataclass(frozen=True)
class Placement:
    """The places of arrays whose first axis is the seed.

    Every process trains as many networks. The first seeds are trained twice where processes would
    else have none, and their second results are left out.

    Attributes:
        split: the sharding that gives each process its seeds.
        whole: the sharding that gives each process all of an array.
        seeds: the number of seeds.
        rows: the seed of each network.
        own: the seeds of this process.
    """

    split: NamedSharding
    whole: NamedSharding
    seeds: int
    rows: np.ndarray
    own: np.ndarray

    @staticmethod
    def of(seeds: int) -> "Placement":
        """Return the placement of some seeds on the processes that run."""
        processes, process = jax.process_count(), jax.process_index()
        firsts = {device.process_index: device for device in reversed(jax.devices())}
        devices = np.array([firsts[process] for process in range(processes)])
        mesh = Mesh(devices, ("seeds",), axis_types=(AxisType.Auto,))
        rows = np.arange(-(-seeds // processes) * processes) % seeds
        return Placement(
            split=NamedSharding(mesh, PartitionSpec("seeds")),
            whole=NamedSharding(mesh, PartitionSpec()),
            seeds=seeds,
            rows=rows,
            own=np.split(rows, processes)[process],
        )

    def place(self, tree: Any) -> Any:
        """Return the arrays of all processes, given the rows of this one."""
        (device,) = self.split.addressable_devices

        def joined(rows: np.ndarray) -> Array:
            shape = len(self.rows), *rows.shape[1:]
            return jax.make_array_from_single_device_arrays(
                shape, self.split, [jax.device_put(rows, device)]
            )

        return jax.tree.map(joined, tree)

    def read(self, array: Array | np.ndarray, axis: int = 0) -> np.ndarray:
        """Return an array that every process has, without the seeds that were trained twice."""
        return np.take(np.asarray(array), range(self.seeds), axis)
