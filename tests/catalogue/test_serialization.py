"""Every serialiser stores and restores trees that hold activations."""

import copy
import os
import pickle
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from own import scaled_square as square

import activax


def cubed(x):
    return x**3


def with_numbers(activation):
    return activation.bind(**{k: v for k, v in activation.parameters.items() if v is not None})


def with_arrays(activation):
    arrays = {
        name: np.full((2, 3), activation.parameters[name], np.float32)
        for name in activation.trainable
        if activation.parameters[name] is not None
    }
    return activation.bind(**arrays)


CATALOGUE = activax.catalog.values()
TREE = {
    "plain": [*CATALOGUE],
    "numbers": [*map(with_numbers, CATALOGUE)],
    "arrays": [*map(with_arrays, CATALOGUE)],
    "lean": [
        activax.lean(a, policy) for a in CATALOGUE for policy in activax.policies(a)
        if policy in ("mask", "output", "output+branch", "input")
    ],
    "lean with more": [
        activax.lean(activax.elu.bind(alpha=0.5)),
        activax.lean(with_arrays(activax.prelu)),
        activax.lean(activax.swish.bind(beta=2.0), bits=3, deviation=2.0, dither=True),
    ],
    "fast": [activax.fast(activax.gelu), activax.lean(activax.fast(activax.swish.bind(beta=2.0)))],
    "affine": [
        activax.affine(activax.tanh, scale=2.0, in_shift=1.0),
        activax.affine(activax.elu.bind(alpha=0.5), scale=2.0),
        activax.affine(cubed, shift=1.0),
        activax.lean(activax.affine(activax.relu, scale=2.0)),
    ],
    "tuple": [activax.softmax.bind(axis=(0, 1))],
    "own": [square, square.bind(scale=2.0), with_arrays(square), activax.affine(square, scale=2.0)],
    "weight": jnp.ones((2, 3)),
}  # fmt: skip
BLANK = jax.tree.map(jnp.zeros_like, TREE)


def through_export(tree):
    """Pass the tree through a stored program, as an argument and a result."""
    stored = jax.export.export(jax.jit(lambda tree, x: (tree, x)))(tree, 1.0).serialize()
    program = jax.export.deserialize(stored)
    assert program.in_tree == jax.tree.structure(((tree, 1.0), {}))
    return program.call(tree, 1.0)[0]


def through_flax(tree):
    serialization = pytest.importorskip("flax.serialization", reason="needs Flax")
    return serialization.from_bytes(BLANK, serialization.to_bytes(tree))


def through_train_state(tree):
    serialization = pytest.importorskip("flax.serialization", reason="needs Flax")
    train_state = pytest.importorskip("flax.training.train_state", reason="needs Flax")
    optax = pytest.importorskip("optax", reason="needs Optax")
    optimizer = optax.trace(0.9)
    state, blank = (
        train_state.TrainState.create(apply_fn=None, params=params, tx=optimizer)
        for params in (tree, BLANK)
    )
    state = state.replace(opt_state=state.opt_state._replace(trace=tree))
    restored = serialization.from_bytes(blank, serialization.to_bytes(state))
    same(restored.opt_state.trace, tree)
    return restored.params


def through_cloudpickle(tree):
    cloudpickle = pytest.importorskip("cloudpickle", reason="needs cloudpickle")
    return pickle.loads(cloudpickle.dumps(tree))


def through_orbax(tree, folder):
    checkpoint = pytest.importorskip("orbax.checkpoint", reason="needs Orbax")
    with checkpoint.StandardCheckpointer() as checkpointer:
        checkpointer.save(folder / "tree", tree)
        checkpointer.wait_until_finished()
        return checkpointer.restore(folder / "tree", BLANK)


def through_equinox(tree, folder):
    eqx = pytest.importorskip("equinox", reason="needs Equinox")
    eqx.tree_serialise_leaves(folder / "tree.eqx", tree)
    return eqx.tree_deserialise_leaves(folder / "tree.eqx", BLANK)


def same(restored, tree):
    assert jax.tree.structure(restored) == jax.tree.structure(tree)
    jax.tree.map(assert_array_equal, restored, tree)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "through",
    [
        copy.deepcopy,
        lambda tree: pickle.loads(pickle.dumps(tree)),
        through_cloudpickle,
        through_export,
        through_flax,
        through_train_state,
    ],
    ids=["deepcopy", "pickle", "cloudpickle", "export", "flax", "train_state"],
)
def test_a_tree_comes_back(through):
    same(through(TREE), TREE)


@pytest.mark.thorough
@pytest.mark.parametrize("through", [through_orbax, through_equinox])
def test_a_tree_comes_back_from_files(through, tmp_path):
    same(through(TREE, tmp_path), TREE)


PROGRAM = """
import sys
import {imports}
import jax, jax.numpy as jnp
tree = {{"f": activax.prelu.bind(negative_slope=jnp.array([0.25, 0.5])), "g": activax.gelu}}
blank = jax.tree.map(jnp.zeros_like, tree)
restored = flax.serialization.from_bytes(blank, flax.serialization.to_bytes(tree))
assert jax.tree.structure(restored) == jax.tree.structure(tree)
assert restored["f"](jnp.array([-4.0, -4.0])).tolist() == [-1.0, -2.0]
program = jax.export.deserialize(bytearray(sys.stdin.buffer.read()))
assert program.call(activax.lean(activax.elu.bind(alpha=0.5)), -1e9) == -0.5
"""


@pytest.mark.thorough
@pytest.mark.parametrize("imports", ["activax, flax.serialization", "flax.serialization, activax"])
def test_another_process_reads_them_whichever_library_comes_first(imports):
    pytest.importorskip("flax", reason="needs Flax")
    lean = activax.lean(activax.elu.bind(alpha=0.5))
    stored = jax.export.export(jax.jit(lambda f, x: f(x)))(lean, 1.0).serialize()
    command = [sys.executable, "-c", PROGRAM.format(imports=imports)]
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    run = subprocess.run(command, input=bytes(stored), capture_output=True, env=environment)
    assert run.returncode == 0, run.stderr.decode()


def test_flax_says_which_array_is_missing():
    serialization = pytest.importorskip("flax.serialization", reason="needs Flax")
    tree = {"f": activax.prelu.bind(negative_slope=jnp.ones(2))}
    with pytest.raises(ValueError, match="negative_slope.*at path ./f"):
        serialization.from_state_dict(tree, {"f": {}})


def test_what_has_no_name_is_refused():
    @activax.elementwise(lambda x: 2 * x, reference=lambda mp, x: x * x)
    def inside(x):
        """Square x, in an activation that is defined inside a function."""
        return x * x

    message = f"'{__name__}:inside' does not name it; define it at the top of a module"
    for activation in (inside, activax.affine(inside, scale=2.0)):
        exported = jax.export.export(jax.jit(lambda f, x: x))(activation, 1.0)
        with pytest.raises(ValueError, match=message):
            exported.serialize()


def test_names_of_other_things_are_refused():
    stored = jax.export.export(jax.jit(lambda f, x: x))(activax.gelu, 1.0).serialize()
    changed = bytes(stored).replace(b"activax:gelu", b"activax:lean")
    with pytest.raises(TypeError, match="'activax:lean' should be an activation; got <function"):
        jax.export.deserialize(bytearray(changed))
