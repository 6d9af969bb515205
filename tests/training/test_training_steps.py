"""The training step: every optimiser, accumulation, 16-bit computation, donation, annealing."""

import inspect

import chex
import drawn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from activax import nn, training

pytestmark = pytest.mark.usefixtures("standard_promotion")
KEY = jax.random.key(0)
X = drawn.normal(8, 3)
PARAMS = {"w": 0.3 * drawn.normal(3, 2), "b": np.ones(2, np.float32)}


def loss(params, batch, key):
    out = batch @ params["w"] + params["b"][None]
    return jnp.mean(out**2), {"largest": jnp.max(jnp.abs(out))}


def adversary():
    return optax.chain(optax.contrib.normalize(), optax.sgd(0.05))


def named_after_learning_rates(module):
    """Return the optimisers of a module that need nothing but a learning rate."""
    for name in dir(module):
        make = getattr(module, name)
        if inspect.isfunction(make) and name[0] != "_":
            needed = {
                n for n, p in inspect.signature(make).parameters.items()
                if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
            }  # fmt: skip
            if "learning_rate" in inspect.signature(make).parameters and needed <= {
                "learning_rate"
            }:
                yield name, make


ALIASES = {n: f for m in (optax, optax.contrib) for n, f in named_after_learning_rates(m)}
# Optimisers made of others, and those that ask for more than a gradient.
WRAPPERS = {
    "sam": lambda: optax.contrib.sam(optax.sgd(0.1), adversary()),
    "opaque sam": lambda: optax.contrib.sam(optax.sgd(0.1), adversary(), opaque_mode=True),
    "lookahead": lambda: optax.lookahead(optax.adam(0.1), 2, 0.5),
    "clipped lookahead": lambda: optax.chain(
        optax.clip(1.0), optax.lookahead(optax.sgd(0.1), 2, 0.5)
    ),
    "mechanize": lambda: optax.contrib.mechanize(optax.sgd(0.1)),
    "schedule free": lambda: optax.contrib.schedule_free(optax.sgd(0.1), 0.1),
    "plateau": lambda: optax.chain(optax.adam(0.1), optax.contrib.reduce_on_plateau()),
    "several steps": lambda: optax.MultiSteps(optax.sgd(0.1), 2).gradient_transformation(),
    "polyak": lambda: optax.polyak_sgd(1.0),
    "finite": lambda: optax.apply_if_finite(optax.sgd(0.1), 2),
    "complex": lambda: optax.contrib.split_real_and_imaginary(optax.sgd(0.1)),
    "line search": lambda: optax.chain(
        optax.sgd(1.0), optax.scale_by_backtracking_linesearch(max_backtracking_steps=5)
    ),
    "lbfgs": lambda: optax.lbfgs(),
    "sophia": lambda: optax.contrib.sophia(0.1),
    "momo": lambda: optax.contrib.momo(0.1),
    "masked": lambda: optax.adamw(0.1, mask=training.decay_mask),
    "partition": lambda: optax.multi_transform(
        {"weight": optax.sgd(0.1), "vector": optax.contrib.momo(0.1)}, training.labels
    ),
}


def start(name, optimizer):
    paired = "lookahead" in name
    params = optax.LookaheadParams.init_synced(PARAMS) if paired else PARAMS
    return training.init(params, optimizer, KEY)


@pytest.mark.parametrize("name", ALIASES)
@pytest.mark.filterwarnings("ignore:Specifying a key", "ignore::DeprecationWarning")  # of Optax
def test_every_optimiser_keeps_the_types_of_its_state(name):
    optimizer = ALIASES[name](learning_rate=0.1)
    state = jax.eval_shape(lambda: start(name, optimizer))
    after, _ = jax.eval_shape(training.step(loss, optimizer), state, X)
    chex.assert_trees_all_equal_shapes_and_dtypes(state, after)


@pytest.mark.thorough
@pytest.mark.parametrize("name", WRAPPERS)
def test_optimisers_made_of_others_lower_the_loss(name):
    optimizer = WRAPPERS[name]()
    step, state, losses = training.step(loss, optimizer), start(name, optimizer), []
    for _ in range(6):
        state, metrics = step(state, X)
        losses.append(metrics["loss"])
    assert losses[-1] < losses[0]


def test_the_slow_parameters_of_lookahead_follow():
    optimizer = optax.lookahead(optax.sgd(0.1), 2, 0.5)
    step, state = training.step(loss, optimizer), start("lookahead", optimizer)
    one, _ = step(state, X)
    two, _ = step(one, X)
    chex.assert_trees_all_equal(one.params.slow, state.params.slow)
    chex.assert_trees_all_close(two.params.slow, two.params.fast, rtol=1e-6)


def test_gradients_add_up_over_parts_of_a_batch():
    optimizer = optax.sgd(0.1)
    (whole, once), (parts, four) = (
        training.step(loss, optimizer, accumulate=n)(start("", optimizer), X) for n in (1, 4)
    )
    chex.assert_trees_all_close(whole.params, parts.params, atol=1e-6)
    assert float(once["loss"]) == pytest.approx(float(four["loss"]), rel=1e-5)
    largest = np.abs(X @ PARAMS["w"] + PARAMS["b"]).reshape(2, 4, 2).max((0, 2))
    assert float(four["largest"]) == pytest.approx(largest.mean(), rel=1e-5)


def test_each_part_has_a_key_of_its_own():
    def draw(params, batch, key):
        return jnp.mean(params["w"]), {"draw": jax.random.normal(key), "rows": len(batch)}

    state = start("", optax.sgd(1.0))
    (_, one), (_, four) = (
        training.step(draw, optax.sgd(1.0), accumulate=n)(state, X) for n in (1, 4)
    )
    assert float(one["draw"]) != float(four["draw"])
    assert [float(metrics["rows"]) for metrics in (one, four)] == [8, 2]


def test_narrow_gradients_add_up_in_float32():
    """A sum of ones in bfloat16 stays at 256."""
    state = training.init({"w": jnp.ones((), jnp.bfloat16)}, optax.sgd(1.0), KEY)
    step = training.step(lambda params, batch, key: params["w"], optax.sgd(1.0), accumulate=1024)
    after, metrics = step(state, jnp.zeros(1024))
    assert (after.params["w"].dtype, float(after.params["w"])) == (jnp.bfloat16, 0)
    assert float(metrics["grad_norm"]) == 1


def test_the_program_with_accumulation_keeps_one_part():
    network = nn.serial(nn.dense(64), jnp.tanh, nn.dense(1))
    x = jnp.zeros((4096, 3))
    state = training.init(network.init(KEY, x), optax.sgd(0.1), KEY)

    def of_network(params, x, key):
        return jnp.mean(network.apply(params, x) ** 2)

    whole, parts = (
        training.step(of_network, optax.sgd(0.1), accumulate=n).lower(state, x).compile()
        for n in (1, 16)
    )
    bytes_of = [program.memory_analysis().temp_size_in_bytes for program in (whole, parts)]
    assert bytes_of[1] < bytes_of[0] / 4


def test_bfloat16_is_for_the_loss_alone():
    seen = []

    def of_16_bits(params, batch, key):
        seen.append((params["w"].dtype, batch[0].dtype, batch[1].dtype))
        return jnp.mean((batch[0] @ params["w"]) ** 2)

    optimizer = optax.adam(0.1)
    state = start("", optimizer)
    step = training.step(of_16_bits, optimizer, compute_dtype=jnp.bfloat16)
    after, metrics = step(state, (X, np.arange(8)))
    assert seen[0] == (jnp.bfloat16, jnp.bfloat16, jnp.int32)
    chex.assert_trees_all_equal_shapes_and_dtypes(state, after)
    assert metrics["loss"].dtype == jnp.float32
    full, _ = training.step(loss, optax.sgd(0.1))(start("", optax.sgd(0.1)), X)
    narrow = training.step(loss, optax.sgd(0.1), compute_dtype=jnp.bfloat16)
    half, _ = narrow(start("", optax.sgd(0.1)), X)
    chex.assert_trees_all_close(full.params, half.params, atol=1e-2)
    assert np.any(np.asarray(full.params["w"]) != np.asarray(half.params["w"]))


def test_a_loss_may_ask_for_the_step():
    def annealed(params, batch, key, *, step):
        return jnp.mean((batch @ params["w"]) ** 2) * jnp.exp(-step), {"step": step}

    step = training.step(annealed, optax.sgd(0.1))
    _, history = training.fit(step, start("", optax.sgd(0.1)), [X] * 3, 3)
    assert history["step"].tolist() == [0, 1, 2]


def test_a_donating_step_deletes_the_old_state_and_a_plain_one_keeps_it():
    optimizer = optax.adam(0.1)
    for donate in (False, True):
        state = jax.tree.map(jnp.copy, start("", optimizer))
        training.step(loss, optimizer, donate=donate)(state, X)
        leaves = jax.tree.leaves((state.params, state.opt_state))
        assert [leaf.is_deleted() for leaf in leaves] == [donate] * len(leaves)


def needs_more():
    def update(updates, state, params=None, *, curvature):
        return updates, state

    return optax.GradientTransformationExtraArgs(lambda params: optax.EmptyState(), update)


BAD = [
    (lambda: training.step(loss, optax.sgd(0.1), accumulate=0), ValueError,
     "step: accumulate must be at least 1; got 0"),
    (lambda: training.step(loss, optax.sgd(0.1), compute_dtype="int8"), TypeError,
     "step: compute_dtype must be a float dtype; got 'int8'"),
    (lambda: training.step(loss, optax.sgd(0.1), compute_dtype="bfloat"), TypeError, "'bfloat'"),
    (lambda: training.step(loss, optax.sgd(0.1), accumulate=3)(start("", optax.sgd(0.1)), X),
     ValueError, r"step: accumulate must divide the rows of a batch; got 3 and .* \(8, 3\)"),
    (lambda: training.step(loss, needs_more())(start("", needs_more()), X), TypeError,
     "step: the optimizer must take its arguments among value, .*'curvature'"),
    (lambda: training.step(loss, o := optax.chain(WRAPPERS["sam"]()))(start("", o), X), TypeError,
     "step: the optimizer must take .* each part of a chain"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_errors_name_function_argument_and_rule(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_optimisers_that_need_the_gradient_of_each_row_are_refused():
    make = optax.contrib.differentially_private_aggregate
    seeded = {"key": 0} if "key" in inspect.signature(make).parameters else {"seed": 0}
    optimizer = optax.chain(make(1.0, 0.1, **seeded), optax.sgd(0.1))
    with pytest.raises(ValueError, match="step: the optimizer must take the gradient of a batch"):
        training.step(loss, optimizer)(start("", optimizer), X)
