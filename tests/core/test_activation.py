"""The activation as an object: identity, pytree, binding, copies and configuration."""

import copy
import gc
import importlib
import inspect
import json
import pickle
import pickletools
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from mpmath import mp
from own import scaled_square as square

import activax
from activax.catalogue import INDEX

ELU = activax.elu.bind(alpha=0.5)
PRELU = activax.prelu.bind(negative_slope=jnp.array([0.25, 0.5]))


@pytest.mark.thorough
@pytest.mark.every
def test_is_a_pytree_without_leaves(entry):
    assert jax.tree.leaves(entry) == []
    assert jax.tree.map(jnp.sin, entry) is entry
    assert jax.eval_shape(lambda model: model, {"f": entry})["f"] is entry


@pytest.mark.every
def test_copies_are_the_same_object(entry):
    assert pickle.loads(pickle.dumps(entry)) is entry
    assert copy.copy(entry) is copy.deepcopy(entry) is entry


@pytest.mark.every
def test_goes_by_its_public_name(entry):
    assert getattr(activax, entry.name) is entry
    assert repr(entry) == f"activax.{entry.name}"
    assert entry.__name__ == entry.name
    module = importlib.import_module(f"activax.functions.{INDEX[entry.name].module}")
    assert getattr(module, entry.name) is entry


@pytest.mark.every
def test_help_shows_signature_and_docstring(entry):
    assert inspect.getdoc(entry).startswith(f"{entry.name}{inspect.signature(entry)}")
    inputs = 2 if entry.kind == "gated" else 1
    assert list(inspect.signature(entry).parameters)[inputs:] == [*entry.parameters]


@pytest.mark.every
def test_is_found_by_name_and_by_config(entry):
    assert activax.get(entry.name) is activax.get(entry) is entry
    assert activax.get(json.loads(json.dumps(entry.to_config()))) == entry


@pytest.mark.every
def test_bound_numbers_survive_json_and_pickle(entry):
    numbers = {k: v for k, v in entry.parameters.items() if v is not None}
    bound = entry.bind(**numbers)
    assert activax.get(json.loads(json.dumps(bound.to_config()))) == bound
    assert pickle.loads(pickle.dumps(bound)) == copy.deepcopy(bound) == bound
    assert hash(pickle.loads(pickle.dumps(bound))) == hash(bound)


@pytest.mark.thorough
@pytest.mark.every
def test_formula_has_no_custom_rule(entry):
    dtype = jnp.complex64 if entry.kind == "complex" else jnp.float32
    x = (jnp.ones((2, 2), dtype),) * (2 if entry.kind == "gated" else 1)
    assert "custom_jvp" in str(jax.make_jaxpr(entry)(*x))
    assert "custom_jvp" not in str(jax.make_jaxpr(entry.formula)(*x))


@pytest.mark.every
def test_trainable_parameters_are_arrays_with_a_number_for_default(entry):
    assert set(entry.trainable) <= set(entry.parameters)
    assert all(isinstance(entry.parameters[name], float) for name in entry.trainable)


def test_catalog_and_aliases_are_read_only():
    for mapping in (activax.catalog, activax.aliases, activax.elu.parameters):
        with pytest.raises(TypeError, match="does not support item assignment"):
            mapping["new"] = None


def test_aliases_are_the_same_object():
    assert activax.aliases["hard_swish"] == "hard_silu"
    for alias, name in activax.aliases.items():
        assert activax.get(alias) is getattr(activax, alias) is activax.catalog[name]


def test_is_immutable():
    for act in (activax.elu, ELU):
        with pytest.raises(AttributeError, match=r"immutable.*bind"):
            act.ulps = 3
        with pytest.raises(AttributeError, match="immutable"):
            del act.__doc__


def test_compares_by_identity_and_bound_numbers_by_value():
    assert activax.elu != activax.celu
    assert activax.elu != "elu"
    assert activax.elu.bind() is activax.elu
    assert activax.elu.bind(alpha=0.5) == ELU != activax.elu.bind(alpha=0.25)
    assert len({ELU, activax.elu.bind(alpha=0.5), activax.elu}) == 2


def test_bound_arrays_compare_by_identity():
    slope = PRELU.parameters["negative_slope"]
    assert activax.prelu.bind(negative_slope=slope) == PRELU
    assert activax.prelu.bind(negative_slope=slope + 0) != PRELU


def test_bind_sets_the_default_that_a_call_overrides():
    x = jnp.array([-1.0, 2.0])
    assert (ELU(x) == activax.elu(x, 0.5)).all()
    assert (ELU(x, alpha=2.0) == activax.elu(x, 2.0)).all()
    assert (ELU.formula(x) == activax.elu.formula(x, 0.5)).all()
    assert ELU.bind(alpha=2.0) == activax.elu.bind(alpha=2.0)
    assert inspect.signature(ELU).parameters["alpha"].default == ELU.parameters["alpha"] == 0.5


def test_a_bound_number_is_static_and_a_bound_array_is_a_leaf():
    assert jax.tree.leaves(ELU) == []
    assert jax.tree.map(jnp.sin, ELU) == ELU
    (path, leaf), *rest = jax.tree_util.tree_leaves_with_path({"f": PRELU})
    assert rest == []
    assert jax.tree_util.keystr(path) == "['f'].negative_slope"
    assert leaf is PRELU.parameters["negative_slope"]


def test_a_number_replaces_an_array_and_back():
    assert jax.tree.leaves(PRELU.bind(negative_slope=0.1)) == []
    assert len(jax.tree.leaves(ELU.bind(alpha=jnp.array(1.0)))) == 1


@pytest.mark.parametrize(
    "to", [lambda a: True, lambda a: None, lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype)]
)
def test_a_leaf_may_be_anything(to):
    """Masks, partitions and shapes of a model are trees whose leaves are no arrays."""
    mapped = jax.tree.map(to, PRELU)
    leaf = to(PRELU.parameters["negative_slope"])
    assert mapped.parameters["negative_slope"] == leaf
    assert repr(mapped) == f"activax.prelu.bind(negative_slope={leaf!r})"


def test_a_leaf_goes_through_shapes_and_back():
    shapes = jax.eval_shape(lambda model: model, PRELU)
    structure = jax.tree.structure(PRELU)
    assert structure == jax.tree.structure(shapes)
    assert jax.tree.unflatten(structure, jax.tree.leaves(PRELU)) == PRELU


def test_a_bound_array_is_trained_by_jax_grad():
    x = jnp.array([-1.0, -2.0])
    slope = jax.grad(lambda act: act(x).sum())(PRELU)
    assert (slope.parameters["negative_slope"] == x).all()


def test_a_bound_array_is_pickled_by_value():
    for clone in (pickle.loads(pickle.dumps(PRELU)), copy.deepcopy(PRELU)):
        np.testing.assert_array_equal(*map(jax.tree.leaves, (clone, PRELU)))
    with pytest.raises(ValueError, match="negative_slope is bound to an array"):
        PRELU.to_config()


def test_kinks_follow_the_parameters():
    assert activax.elu.kinks == ()
    assert ELU.kinks == (0.0,)
    assert activax.step.bind(threshold=1.5).kinks == (1.5,)


def test_a_user_defined_activation_is_one_like_any_other():
    assert square.name not in activax.catalog
    assert repr(square) == "own.scaled_square"
    assert pickle.loads(pickle.dumps(square)) is square
    assert pickle.loads(pickle.dumps(square.bind(scale=2.0))) == square.bind(scale=2.0)
    assert jax.grad(square, argnums=(0, 1))(3.0, 2.0) == (12.0, 9.0)
    with pytest.raises(ValueError, match="pickle it"):
        square.to_config()


def test_equal_activations_are_equal_trees():
    one = activax.rrelu.bind(lower=0.1, upper=0.2)
    other = activax.rrelu.bind(upper=0.2).bind(lower=0.1)
    assert one == other
    assert jax.tree.structure(one) == jax.tree.structure(other)


def test_binding_none_unbinds():
    assert activax.rrelu.bind(key=None) is activax.rrelu
    assert activax.get({"name": "rrelu", "key": None}) is activax.rrelu


def test_keys_and_masks_are_bound_but_not_trained():
    key = jax.random.key(0)
    drawn = activax.rrelu.bind(key=key)
    x = -jnp.ones(3)
    assert jnp.array_equal(drawn(x), activax.rrelu(x, key))
    assert drawn.trainable == ("lower", "upper")
    assert activax.softmax.bind(where=jnp.array([True, False])).trainable == ()


def test_an_activation_that_nobody_holds_is_freed():
    def define():
        @activax.elementwise(lambda x: 2 * x, reference=lambda mp, x: x * x)
        def square(x):
            return x * x

        jax.grad(square)(1.0)
        return weakref.ref(square)

    gone = define()
    jax.clear_caches()
    gc.collect()
    assert gone() is None


def test_kinks_of_bound_arrays_are_those_of_every_element():
    assert activax.step.bind(threshold=jnp.array([2.0, 1.0, 2.0])).kinks == (1.0, 2.0)
    assert activax.elu.bind(alpha=jnp.ones(2)).kinks == ()


def test_a_gated_unit_takes_over_what_is_bound_and_the_surrogate():
    @activax.gated(by=activax.step.bind(threshold=1.0))
    def gate(gate, value=None, *, layout=None, axis=-1):
        """step(gate - 1) value."""
        raise NotImplementedError

    assert gate.reference(mp, mp.mpf(2), mp.mpf(3)) == 3
    assert gate.kinks == (1.0,)
    slope = mp.diff(lambda g: gate.surrogate(mp, g, 3), 1.5)
    assert jax.grad(gate)(1.5, 3.0) == pytest.approx(float(slope))


@pytest.mark.every
def test_pickles_name_public_places(entry):
    """Pickles outlive a move of a file, except those with bound arrays."""
    made = [entry, activax.lean(entry, keep="input")]
    if entry.kind == "elementwise":
        made.append(activax.affine(entry, scale=2.0))
        for name, range_ in entry.ranges.items():
            value = next(v for v in (1.5, 0.5, -0.5, 0.001, 3) if v in range_)
            made.append(entry.bind(**{name: value}))
    for one in made:
        names = [text for _, text, _ in pickletools.genops(pickle.dumps(one)) if text]
        modules = {text for text in names if isinstance(text, str) and text.startswith("activax")}
        assert modules == {"activax"}


def test_rounding_is_counted_in_the_catalogue_only():
    @activax.elementwise()
    def gelu(x):
        "Another function of that name."
        return x

    assert activax.gelu.bind().rounding == {"bfloat16": (0, 0), "float16": (0, 0)}
    for other in (gelu, activax.softmax, activax.swiglu, activax.lean(activax.gelu)):
        assert other.rounding is None
