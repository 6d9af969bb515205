"""The best speeds of this machine: it copies arrays, or multiplies matrices."""

from typing import Any

import jax
import jax.numpy as jnp

from activax.bench.timing.jax_programs import JaxProgram
from activax.bench.timing.rotation import concrete
from activax.bench.timing.stopwatch import race
from activax.bench.workloads.traffic import Traffic, alike, copy

DRIFT = 0.05  # the largest change of a copy's time, as a fraction, from beginning to end


def product_size() -> int:
    """Return the number of rows of square matrices whose product runs at full speed."""
    return 1024 if jax.default_backend() == "cpu" else 8192


def product_flops() -> int:
    """Return the multiplications and additions of that product."""
    return 2 * product_size() ** 3


class Roofline:
    """Copies and matrix products that measurements are compared with, and their drift."""

    def __init__(self) -> None:
        self._copies: dict[Traffic, JaxProgram] = {}
        self._seconds: dict[Traffic, float] = {}  # of each copy when it was first timed
        self._products: dict[Any, JaxProgram] = {}
        self._flops_per_s: dict[Any, float] = {}  # of each product when it was first timed

    def copy(self, moved: Traffic) -> JaxProgram:
        """Return the program that moves as much and does no more."""
        mix = alike(moved)
        if mix not in self._copies:
            arrays = concrete([jax.ShapeDtypeStruct(*spec) for spec in mix.reads])
            self._copies[mix] = JaxProgram(copy(mix), tuple(arrays))
        return self._copies[mix]

    def saw(self, moved: Traffic, seconds: float) -> None:
        """Note the time of the copy, the first time."""
        self._seconds.setdefault(alike(moved), seconds)

    def saw_product(self, dtype: Any, seconds: float) -> None:
        """Note the time of the product, the first time."""
        self._flops_per_s.setdefault(dtype, product_flops() / seconds)

    def speeds(self) -> dict[str, str]:
        """Return the speeds that were reached, by dtype and mix."""
        copies = {
            f"{mix.reads[0].dtype} {mix}": f"{mix.nbytes / seconds / 1e9:.1f} GB/s"
            for mix, seconds in self._seconds.items()
        }
        products = {
            f"{dtype} product": f"{flops / 1e9:.0f} GFLOP/s"
            for dtype, flops in self._flops_per_s.items()
        }
        return copies | products

    def product(self, dtype: Any) -> JaxProgram:
        """Return the program that multiplies two square matrices with `product_size` rows."""
        if dtype not in self._products:
            matrix = concrete(jax.ShapeDtypeStruct((product_size(),) * 2, dtype))
            self._products[dtype] = JaxProgram(jnp.matmul, (matrix, matrix))
        return self._products[dtype]

    def drift(self, repeats: int, sample_s: float) -> dict[str, float]:
        """Return by which fraction each copy is slower than when it was first timed."""
        moved = {}
        for mix, before in self._seconds.items():
            again = race({"copy": self._copies[mix]}, repeats=repeats, sample_s=sample_s)["copy"]
            moved[f"{mix.reads[0][1]} {mix}"] = again.seconds.median / before - 1
        return moved
