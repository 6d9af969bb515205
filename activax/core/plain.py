"""Functions of ordinary JAX primitives, for tools that do not see through a custom rule."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from activax.numerics.mode import Mode, at

P = ParamSpec("P")
T = TypeVar("T")


def plain(f: Callable[P, T], *, composite: bool = False) -> Callable[P, T]:
    """Return `f` with every activation in it replaced by its plain formula.

    An activation has a derivative rule of its own, which some tools refuse: Taylor mode
    (`jax.experimental.jet` raises UnexpectedTracerError, or AttributeError in JAX 0.12), forward
    Laplacians, interval arithmetic, converters to other formats. `plain(f)` has no such rule. Its
    values are those of `f` to rounding, but at infinity they may be NaN; its slopes are JAX's
    derivatives of the formulas, so they may cancel, overflow or keep more for the backward pass
    where those of `f` do not.

    Args:
        f: an activation, or any function that calls some: the `apply` of a network of `activax.nn`,
            Flax, Equinox or Haiku, compiled parts included.
        composite: whether each activation becomes a `stablehlo.composite` operation of the name
            "activax.gelu" and so on, which a compiler may replace by a kernel of its own. The
            result is for `jax.export` and for `jax.jit`; it has no derivative.

    Returns:
        A function of the same arguments.

    Raises:
        TypeError: an `f` that cannot be called.

    Example:
        >>> from jax.experimental.jet import jet
        >>> value, derivatives = jet(activax.plain(activax.tanh), (0.5,), ([1.0, 0.0, 0.0],))
        >>> [round(float(d), 3) for d in derivatives]
        [0.786, -0.727, -0.565]
        >>> exported = jax.jit(activax.plain(activax.silu, composite=True)).lower(jnp.ones(3))
        >>> '"activax.silu"' in exported.as_text()
        True
    """
    if not callable(f):
        raise TypeError(
            f"plain: f must be an activation or a function that calls some; got {type(f).__name__}"
        )

    return at(Mode.COMPOSITE if composite else Mode.PLAIN)(f)
