"""The persistent compilation cache of JAX, for the time of a study."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import jax
from jax.experimental.compilation_cache import compilation_cache as jax_cache


@contextlib.contextmanager
def compiling_once(folder: Path) -> Iterator[None]:
    """Keep compiled programs in a folder, and read the programs that are there.

    Workers of a study share the folder. JAX is set back to its own cache afterwards. Not for
    several threads: JAX has one cache a process.

    Args:
        folder: a folder, which is made with the first program.

    Example:
        >>> import pathlib, tempfile
        >>> from activax.study.training.compilation import compiling_once
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with compiling_once(pathlib.Path(folder)):
        ...         y = jax.jit(lambda x: jnp.sin(x) + 1)(jnp.ones(3))
        ...     found = any(pathlib.Path(folder).iterdir())
        >>> found
        True
    """
    options = {
        "jax_compilation_cache_dir": str(folder),
        "jax_enable_compilation_cache": True,
        "jax_persistent_cache_min_compile_time_secs": 0.0,  # the initialisation is many programs
    }
    before = {name: getattr(jax.config, name) for name in options}
    try:
        _apply(options)
        yield
    finally:
        _apply(before)


def _apply(options: dict[str, object]) -> None:
    for name, value in options.items():
        jax.config.update(name, value)
    jax_cache.reset_cache()  # JAX reads the options when it first needs the cache
