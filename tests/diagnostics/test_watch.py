"""Observations at the named points of a network that is not changed for them."""

import drawn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax import lax
from jax.ad_checkpoint import checkpoint_name
from numpy.testing import assert_allclose

import activax
from activax import bench, diagnostics, nn, training
from activax.diagnostics import points, sinks, statistics, unit_health, watch

X = drawn.normal(16, 3)
DEPTH = 3
NETWORK = nn.serial(nn.dense(3), activax.gelu, nn.dense(3), activax.tanh, nn.dense(1))
PARAMS = drawn.params(NETWORK, X)
PATHS = ["serial[0]", "serial[1]/gelu", "serial[2]", "serial[3]/tanh", "serial[4]"]
STACK = drawn.normal(DEPTH, 3, 3) / 2


def loss(params, x):
    return jnp.mean(NETWORK.apply(params, x) ** 2)


def close(a, b, rtol=2e-5):
    jax.tree.map(lambda x, y: assert_allclose(x, y, rtol=rtol, atol=1e-7), a, b)


def by_hand(params, x):
    """Return the output of every layer, by path."""
    found = {}
    for path, weights, layer in zip(PATHS, params, NETWORK_LAYERS, strict=True):
        x = found[path] = layer(weights, x)
    return found


def affine(weights, x):
    return x @ weights["weight"] + weights["bias"][None]


NETWORK_LAYERS = (
    affine,
    lambda _, x: jax.nn.gelu(x, approximate=False),
    affine,
    lambda _, x: jnp.tanh(x),
    affine,
)


def output(point):
    return point.output


def layer(x, w):
    with jax.named_scope("block"):
        return activax.relu(x @ w) + x


def unrolled(x):
    for w in STACK:
        x = layer(x, w)
    return x


def scanned(x):
    return lax.scan(lambda x, w: (layer(x, w), None), x, STACK)[0]


def of_block(path, i):
    return path.replace("block", f"block#{i + 1}") if i else path


def rematerialised(x):
    return lax.scan(lambda x, w: (jax.checkpoint(layer)(x, w), None), x, STACK)[0]


@pytest.mark.thorough
def test_every_layer_is_a_point_and_its_statistics_are_those_of_brute_force():
    y, seen = watch(NETWORK.apply)(PARAMS, X)
    assert list(seen) == PATHS
    close(y, NETWORK.apply(PARAMS, X))
    close(seen, {path: statistics(out) for path, out in by_hand(PARAMS, X).items()})


@pytest.mark.parametrize("wrap", [jax.jit, jax.checkpoint, lambda f: jax.jit(jax.jit(f))])
def test_the_same_is_seen_under_transformations(wrap):
    _, seen = jax.jit(watch(wrap(NETWORK.apply), output))(PARAMS, X)
    close({path[path.index("serial") :]: out for path, out in seen.items()}, by_hand(PARAMS, X))


def test_the_same_is_seen_of_each_row_and_of_all():
    _, seen = jax.vmap(watch(NETWORK.apply, output), (None, 0))(PARAMS, X)
    _, batched = watch(jax.vmap(NETWORK.apply, (None, 0)), output)(PARAMS, X)
    close(seen, by_hand(PARAMS, X))
    close(batched, by_hand(PARAMS, X))


@pytest.mark.parametrize("network", [scanned, rematerialised])
def test_in_a_scan_observations_are_stacked(network):
    y, seen = jax.jit(watch(network, output))(X)
    expected, layers = watch(unrolled, output)(X)
    close(y, expected)
    assert list(seen) == ["block", "block/relu"]
    for path, out in seen.items():
        close(out, jnp.stack([layers[of_block(path, i)] for i in range(DEPTH)]))
    assert points(network, X)["block"].shape == (DEPTH, *X.shape)


def test_an_array_over_devices_is_seen_as_one():
    mesh = jax.make_mesh((len(jax.devices()),), ("batch",))
    rows = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("batch"))
    _, seen = jax.jit(watch(NETWORK.apply))(PARAMS, jax.device_put(X, rows))
    close(seen, watch(NETWORK.apply)(PARAMS, X)[1])


@pytest.mark.thorough
@pytest.mark.parametrize("network", [unrolled, scanned, rematerialised])
def test_gradients_stay_and_nothing_is_kept(network):
    def total(x, f=network):
        return jnp.sum(f(x) ** 2)

    watched = watch(total)
    gradient, seen = jax.jit(jax.grad(watched, has_aux=True))(X)
    close(gradient, jax.grad(total)(X))
    assert seen["block/relu"].mean.shape == (() if network is unrolled else (DEPTH,))

    def large(f):
        return sorted(a.shape for a in bench.kept(f, X) if a.size >= X.size)

    assert large(lambda x: watched(x)[0]) == large(total)


@pytest.mark.thorough
@pytest.mark.parametrize("units", [False, True])
def test_sinks_see_the_cotangents_of_every_layer(units):
    empty = sinks(loss, PARAMS, X, units=units)
    assert list(empty) == PATHS

    def watched(params, s):
        return watch(loss)(params, X, sinks=s)

    (gradient, seen), _ = jax.jit(jax.grad(watched, argnums=(0, 1), has_aux=True))(PARAMS, empty)
    close(gradient, jax.grad(loss)(PARAMS, X))

    def shifted(shifts):  # adds a shift at each point; its gradient is the cotangent
        x = X
        for path, weights, of in zip(PATHS, PARAMS, NETWORK_LAYERS, strict=True):
            x = of(weights, x) + shifts[path]
        return jnp.mean(x**2)

    for path, cotangent in jax.grad(shifted)(
        jax.tree.map(jnp.zeros_like, by_hand(PARAMS, X))
    ).items():
        axis = 0 if units else None
        assert_allclose(seen[path].squares, jnp.sum(cotangent**2, axis), rtol=1e-4)
        assert_allclose(seen[path].magnitudes, jnp.sum(abs(cotangent), axis), rtol=1e-4)


def test_sinks_in_a_scan_are_of_each_step():
    def total(x, f):
        return jnp.sum(f(x) ** 2)

    def cotangents(f):
        s = sinks(total, X, f)
        watched = watch(total)
        return jax.grad(lambda s: watched(X, f, sinks=s), has_aux=True)(s)[0]

    layers, steps = cotangents(unrolled), cotangents(rematerialised)
    assert steps["block/relu"].squares.shape == (DEPTH,)
    stacked = [layers[of_block("block/relu", i)].squares for i in range(DEPTH)]
    close(steps["block/relu"].squares, jnp.stack(stacked))


def test_every_activation_is_a_point_with_its_inputs(activation):
    if activation.resizes:
        pytest.skip("what it returns has another size than what it takes")
    x = drawn.normal(16, 4)  # of a size that pairs and halves divide
    arrays = [x] * (2 if activation.kind == "gated" else 1)
    if "key" in activation.parameters:
        activation = activation.bind(key=jax.random.key(0))
    for f in (activation, activation.inner):
        seen = {}
        jax.eval_shape(watch(f, lambda point, seen=seen: seen.update({point.path: point})), *arrays)
        point = seen[activation.name]
        assert len(seen) == 1
        assert point.output.shape == x.shape
        assert [a.shape for a in point.inputs[: len(arrays)]] == [x.shape] * len(arrays)


def test_an_affine_map_of_an_activation_has_another_name():
    assert list(points(activax.affine(activax.tanh, scale=2.0), X)) == ["affine_tanh"]


def test_what_is_named_is_a_point():
    @jax.jit
    def own(x):
        return x**2 + 1

    @jax.jit
    def product(x):  # has a name, but multiplies matrices
        return own(x @ x.T) @ x

    def network(x):
        with jax.named_scope("outer"):
            with jax.named_scope("first"):
                x, rows = jnp.sin(x), jnp.argmax(x)  # indices, so no point
            named, more = checkpoint_name(x * 2, "doubled"), x * 3
            inner = lax.cond(rows > 0, activax.relu, activax.tanh, named)
        return product(inner) + own(inner + more)

    found = list(points(network, X))
    assert found == ["outer/first", "outer/doubled", "outer", "outer:1", "product/own", "own"]


@pytest.mark.thorough
def test_paths_are_given_once():
    def block(x):
        with jax.named_scope("block"):
            return activax.relu(x)

    def body(x, _):
        return block(x), None

    again, anew = jax.checkpoint(block), jax.jit(lambda x: block(x))

    def network(x):  # calls the same loop, checkpoint and program twice
        x, _ = lax.scan(body, x, None, length=2)
        x, _ = lax.scan(body, x, None, length=4)
        x = anew(anew(again(again(x))))
        with jax.named_scope("block#2"):
            x = jnp.sin(x)
        with jax.named_scope("two"):
            a, b = jnp.sin(x), jnp.cos(x)
        with jax.named_scope("two:1"):
            return jnp.sin(a * b)

    found = points(network, X)
    assert len(found) == 6 + 1 + 3
    assert [a.shape[: a.ndim - 2] for a in found.values()][:3] == [(2,), (4,), ()]
    drains = sinks(network, X)

    def cotangents(s):
        return jnp.sum(watch(network)(X, sinks=s)[0])

    assert all(seen.count.all() for seen in jax.grad(cotangents)(drains).values())


def test_a_compiled_function_is_looked_into_and_is_a_point():
    @jax.jit
    def residual(x):
        return x + activax.relu(x)

    assert list(points(residual, X)) == ["residual/relu", "residual"]
    assert list(points(lambda x: jnp.clip(jnp.i0(residual(x)), 0, 1), X)) == [
        "residual/relu", "residual"
    ]  # fmt: skip


def test_what_a_function_closes_over_comes_first():
    def network(b, x):
        @jax.jit
        def own(x):
            return jnp.tanh(b[None] * x)

        return own(x)

    _, seen = watch(network, lambda point: point.inputs)(jnp.ones(3), X)
    assert [a.shape for a in seen["own"]] == [(3,), X.shape]


def test_the_backward_pass_of_a_gradient_inside_has_no_points():
    found = points(jax.grad(loss), PARAMS, X)
    assert found
    assert set(found) <= set(PATHS)

    def step(params, x):
        return jax.tree.map(lambda p, g: p - g, params, jax.grad(loss)(params, x))

    close(watch(step)(PARAMS, X)[0], step(PARAMS, X))


def test_constants_are_arrays():
    weights = np.arange(3.0, dtype=np.float32)

    @jax.custom_vjp
    def rule(x):
        return x * weights[None]

    def backward(kept, g):
        def row(i, total):  # a traced index into the constant
            return total + jnp.asarray(weights)[i]

        return (g * lax.fori_loop(0, 3, row, 0.0),)

    rule.defvjp(lambda x: (rule(x), ()), backward)
    out, _ = watch(lambda x: (activax.relu(x), 1.5, weights))(X)
    assert all(isinstance(leaf, jax.Array) for leaf in out)

    def total(x):
        return jnp.sum(activax.relu(rule(x)))

    close(jax.grad(lambda x: watch(total)(x)[0])(X), jax.grad(total)(X))


@pytest.mark.parametrize("kind", [jax.sharding.AxisType.Auto, jax.sharding.AxisType.Explicit])
def test_shardings_and_scopes_stay(kind):
    mesh = jax.make_mesh((len(jax.devices()),), ("batch",), axis_types=(kind,))
    rows = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("batch"))
    f = jax.jit(layer, out_shardings=rows)
    assert watch(f)(X, STACK[0])[0].sharding.is_equivalent_to(rows, 2)
    assert list(points(lambda x: watch(unrolled)(x)[0], X)) == list(points(unrolled, X))


def test_what_may_pass_over_points_and_take_what_is_no_array():
    def network(x, activation, *, squared):
        y = activation(x)
        return {"y": y**2 if squared else y}, None

    def shape_of_tanh(point):
        return jnp.array(point.output.shape) if point.name == "tanh" else None

    out, seen = watch(network, shape_of_tanh)(X, activax.tanh, squared=True)
    close(out, network(X, activax.tanh, squared=True))
    assert {path: found.tolist() for path, found in seen.items()} == {"tanh": [16, 3]}
    assert watch(network, shape_of_tanh)(X, activax.relu, squared=False)[1] == {}


def test_a_training_step_logs_what_is_seen():
    def of_batch(params, batch, key):
        return loss(params, batch)

    optimizer = optax.sgd(0.1)
    step = training.step(watch(of_batch, lambda point: jnp.mean(point.output)), optimizer)
    state = training.init(PARAMS, optimizer, jax.random.key(0))
    _, history = training.fit(step, state, [X] * 2, steps=2, progress=False)
    first = {path: jnp.mean(out) for path, out in by_hand(PARAMS, X).items()}
    close({path: history[path][0] for path in PATHS}, first)
    assert history[PATHS[0]].shape == (2,)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("f", "same"),
    [
        (activax.tanh, activax.tanh),
        (activax.leaky_relu.bind(negative_slope=0.3), activax.leaky_relu.bind(negative_slope=0.3)),
        (activax.rrelu.bind(lower=0.2), activax.rrelu.bind(lower=0.2)),
        (jax.nn.relu, activax.relu),
        (lambda x: jax.nn.elu(x, 0.5), activax.elu.bind(alpha=0.5)),
    ],
)
def test_health_is_that_of_the_activation_called(f, same):
    update = jax.jit(lambda health, x: diagnostics.health_update(health, same, x))
    look = jax.jit(watch(f, unit_health))
    expected, found = diagnostics.health_init(same, 3), None
    for x in (X - 12, X + 12, X - 12, X - 12):
        (health,) = look(x)[1].values()
        found, expected = found + health if found else health, update(expected, x)
    report = diagnostics.health_report(found, dead_after=2)
    close(report, diagnostics.health_report(expected, dead_after=2))
    assert report.dead.all() == (same in (activax.tanh, activax.relu))


@pytest.mark.thorough
def test_health_of_layers_in_a_scan_and_of_learned_activations():
    _, seen = jax.jit(watch(scanned, unit_health))(X)
    _, single = watch(unrolled, unit_health)(X)
    report = diagnostics.health_report(seen["block/relu"])
    assert report.zero_share.shape == (DEPTH, 3)
    close(jax.tree.map(lambda a: a[1], report), diagnostics.health_report(single["block#2/relu"]))
    slopes = jnp.array([0.0, 0.1, 0.2])
    (health,) = jax.jit(watch(activax.prelu, unit_health))(-abs(X), slopes)[1].values()
    report = diagnostics.health_report(health)
    assert report.dead.tolist() == [True, False, False]
    assert jnp.isnan(report.saturated_share).all()
    assert watch(activax.swiglu, unit_health)(X, X)[1] == {}


@pytest.mark.thorough
def test_health_trusts_no_name():
    @jax.jit
    def softplus(x):  # five times as steep as activax.softplus
        return jnp.log1p(jnp.exp(5 * x)) / 5

    (health,) = watch(softplus, unit_health)(X)[1].values()
    report = diagnostics.health_report(health)
    assert_allclose(health.sizes.mean, jnp.mean(softplus(X), 0), rtol=1e-5)
    assert jnp.isnan(report.saturated_share).all()

    @jax.jit
    def tanh(x, y):
        return jnp.tanh(x * y)

    def named(x):
        return checkpoint_name(jnp.tanh(x), "tanh")

    for f, arguments in ((tanh, (X, X)), (named, (X,))):
        assert watch(f, unit_health)(*arguments)[1] == {}
    for f in (activax.log1mexp, lambda x: activax.rrelu(x, jax.random.key(0))):
        (health,) = watch(f, unit_health)(abs(X))[1].values()
        assert jnp.isnan(diagnostics.health_report(health).saturated_share).all()
        assert_allclose(health.sizes.mean, jnp.mean(abs(f(abs(X))), 0), rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: watch(PARAMS), TypeError, "watch: f must be a function; got tuple"),
        (lambda: watch(loss, "mean"), TypeError, "watch: what must be a function; got str"),
        (lambda: points(3), TypeError, "points: f must be a function; got int"),
        (lambda: watch(jnp.sin)(X), ValueError, "watch: sin has no named point outside of loops"),
        (lambda: sinks(lambda: 1.0), ValueError, "sinks: <lambda> has no named point"),
        (lambda: watch(scanned)(X, sinks={"block": diagnostics.sink()}), ValueError,
         r"'block' is in a loop, and must have its 3 steps as first axis; got shape \(\)"),
        (lambda: watch(loss)(PARAMS, X, sinks={"relu": diagnostics.sink()}), ValueError,
         r"watch: there is no point 'relu' for a sink; the points are serial\[0\], "),
        (lambda: watch(loss)(PARAMS, X, sinks={"serial[0]": diagnostics.sink((2,))}), ValueError,
         "tap: the sink must be of shape"),
        (lambda: watch(loss)(PARAMS, X, sinks=diagnostics.sink()), TypeError,
         "watch: sinks must be a dict from paths; got Cotangents"),
    ],
)  # fmt: skip
def test_errors_name_function_argument_and_rule(call, error, message):
    with pytest.raises(error, match=message):
        call()
