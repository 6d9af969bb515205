"""The instrument works; how fast anything is, no test says."""

import dataclasses
import json
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax import bench
from activax.bench import peers, records, torch_programs
from activax.bench.device_time import busy_ns
from activax.bench.jax_programs import JaxProgram
from activax.bench.modes import LAYERS, MODES, cotangents
from activax.bench.rotation import Rotation, last_level_cache
from activax.bench.stopwatch import Interval, median_interval, race
from activax.bench.traffic import Traffic, alike, copy, traffic

pytestmark = pytest.mark.usefixtures("few_sets")
SPEC = jax.ShapeDtypeStruct((8, 128), "float32")
LEAST = bench.Effort(repeats=6, sample_s=1e-5)


# The statistics


@pytest.mark.parametrize(
    ("n", "low", "high"),  # the ranks that tables of the sign test give
    [(6, 1, 6), (8, 1, 8), (9, 2, 8), (15, 4, 12), (20, 6, 15), (100, 40, 61)],
)
def test_interval_takes_the_ranks_of_the_sign_test(n, low, high):
    shuffled = np.random.default_rng(0).permutation(np.arange(1, n + 1)).tolist()
    assert median_interval(shuffled) == Interval((n + 1) / 2, low, high)


def test_interval_ignores_outliers():
    assert median_interval([1, 2, 3, 4, 5, 6, 7, 8, 1e9]) == Interval(5, 2, 8)


def test_interval_needs_six_samples():
    with pytest.raises(ValueError, match="at least 6 samples; got 5"):
        median_interval([1.0] * 5)


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(1, 2, "faster"), (1, 3, "tied"), (4, 6, "tied"), (5, 6, "slower")]
)
def test_only_disjoint_intervals_are_a_difference(low, high, verdict):
    assert Interval(low, low, high).compared_with(Interval(3.5, 3, 4)) == verdict


@pytest.mark.parametrize("share", [0.08, 1.0, 2.0])
def test_a_race_knows_what_it_had_of_the_cpu(share):
    """The clocks stand still between calls; a call takes a second of the wall."""
    now = [0.0]

    def program(calls):
        now[0] += calls

    timing = race(
        {"one": program}, repeats=6, sample_s=3.0,
        clock=lambda: now[0], cpu_clock=lambda: share * now[0],
    )["one"]  # fmt: skip
    assert timing.seconds == Interval(1.0, 1.0, 1.0)
    assert timing.cpu_share == pytest.approx(share)


@pytest.mark.parametrize(("ours", "theirs"), [(0.08, 1.0), (1.0, 0.08), (0.08, 0.08)])
def test_nothing_is_claimed_of_a_starved_program(row, ours, theirs):
    fast = dataclasses.replace(row, low=1.0, seconds=1.0, high=1.0, page_faults=0.0, cpu_share=1.9)
    slow = dataclasses.replace(fast, low=9.0, seconds=9.0, high=9.0)
    assert slow.compared_with(fast) == "slower"
    slow, fast = (
        dataclasses.replace(one, cpu_share=share) for one, share in ((slow, ours), (fast, theirs))
    )
    assert slow.compared_with(fast) == fast.compared_with(slow) == "tied"
    (change,) = records.changes([fast], [slow])
    assert (change.ratio, change.certain) == (9.0, False)


def test_records_from_before_the_share_was_measured_come_back(row):
    record = json.loads(records.to_json([row], {"date": "now", "cores": 2, "load": 0.1}))
    del record["benchmarks"][0]["cpu_share"]
    ((old,), _) = records.from_json(json.dumps(record))
    assert old == dataclasses.replace(row, cpu_share=None)
    assert not old.starved


# What is measured


def arguments(count):
    keys = jax.random.split(jax.random.key(0), count)
    return tuple(jax.random.normal(key, SPEC.shape) for key in keys)


@pytest.mark.parametrize(
    ("mode", "one", "two"),  # arrays read and written, for functions of one and two arrays
    [
        ("forward", "R1W1", "R2W1"),
        ("backward", "R2W1", "R3W2"),
        ("forward+backward", "R2W2", "R3W3"),
        ("jvp", "R2W2", "R4W2"),
        ("scan", "R3W3", "R4W4"),  # the state, the layers' arrays and the cotangent
    ],
)
def test_traffic_of_modes(mode, one, two):
    assert str(MODES[mode](activax.gelu, arguments(1)).traffic) == one
    assert str(MODES[mode](activax.swiglu, arguments(2)).traffic) == two


@pytest.mark.parametrize("f", [activax.swiglu, lambda g, v: jax.nn.silu(g) * v])
def test_modes_compute_what_they_say(f):
    given = arguments(2)
    out, pullback = jax.vjp(f, *given)
    want = {
        "forward": out,
        "backward": pullback(cotangents(out)),
        "forward+backward": (out, pullback(cotangents(out))),
        "jvp": jax.jvp(f, given, cotangents(given)),
    }
    for mode, expected in want.items():
        work = MODES[mode](f, given)
        got = jax.jit(work.function)(*work.arguments)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, 2e-5, 1e-6), got, expected)


def test_scan_is_a_stack_of_residual_layers():
    gate, state = arguments(2)
    work = MODES["scan"](activax.swiglu, (gate, state))
    out, ((gates, _), last) = jax.jit(work.function)(*work.arguments)

    def network(gates, state):
        h = state
        for own in gates:
            h = state + activax.swiglu(own, h)
        return h

    inputs = jnp.stack([gate] * LAYERS)
    np.testing.assert_allclose(out, network(inputs, state), rtol=1e-5)
    _, pullback = jax.vjp(network, inputs, state)
    np.testing.assert_allclose(gates[0], pullback(cotangents(out))[0], rtol=1e-4, atol=1e-5)
    assert last.shape == state.shape


def test_backward_reads_what_is_kept():
    """Of ours the input, of jax.nn's gelu several arrays; the floor is the same."""
    ours, theirs = (MODES["backward"](f, arguments(1)) for f in (activax.gelu, jax.nn.gelu))
    sizes = [sum(a.size for a in jax.tree.leaves(w.arguments[0])) for w in (ours, theirs)]
    assert sizes[0] == SPEC.size < 3 * SPEC.size <= sizes[1]
    assert ours.traffic == theirs.traffic


# The programs


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["gelu", "swiglu"])
def test_results_are_written_into_donated_buffers(name, mode):
    f = activax.get(name)
    work = MODES[mode](f, arguments(2 if f.kind == "gated" else 1))
    program = JaxProgram(work.function, work.arguments)

    def buffers():
        return {array.unsafe_buffer_pointer() for array in jax.tree.leaves(program.results)}

    before = buffers()
    program(calls=3)
    assert buffers() == before
    fresh = JaxProgram(work.function, work.arguments, fresh=True)
    fresh(calls=1)
    jax.tree.map(np.testing.assert_array_equal, fresh.results, program.results)


def test_sets_exceed_the_cache(monkeypatch):
    monkeypatch.setattr("activax.bench.rotation.MOST", 256)
    rotation = Rotation((jnp.zeros(2**20), jnp.zeros(2**18)))
    nbytes = 4 * (2**20 + 2**18)
    assert nbytes * (len(rotation.sets) - 1) <= last_level_cache() < nbytes * len(rotation.sets)
    taken = [rotation.take()[0].unsafe_buffer_pointer() for _ in rotation.sets]
    assert len(set(taken)) == len(rotation.sets)
    assert rotation.take()[0].unsafe_buffer_pointer() == taken[0]


@pytest.mark.parametrize("mix", ["R1W1", "R2W1", "R3W2", "R2W3", "R1W0"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_copy_moves_what_it_says(mix, dtype):
    reads, writes = (int(n) for n in mix[1:].split("W"))
    spec = jax.ShapeDtypeStruct(SPEC.shape, dtype)
    moved = traffic([spec] * reads, [spec] * writes)
    assert str(moved) == mix
    given = [a.astype(dtype) for a in arguments(reads)]
    compiled = jax.jit(copy(moved)).lower(*given).compile()
    out = compiled(*given)
    if writes:
        assert [(a.shape, a.dtype) for a in out] == [(spec.shape, spec.dtype)] * writes
        assert len({np.asarray(a).tobytes() for a in out}) == writes  # none is shared
    memory = compiled.memory_analysis()
    nbytes = spec.dtype.itemsize * spec.size
    assert memory.argument_size_in_bytes == reads * nbytes  # none is unused
    assert memory.output_size_in_bytes >= writes * nbytes


def test_the_copy_of_unlike_arrays_moves_as_many_bytes():
    small = jax.ShapeDtypeStruct((8, 1), "float32")
    assert str(alike(traffic(SPEC, small))) == "R1W0"  # a reduction
    uneven = traffic([SPEC, jax.ShapeDtypeStruct((4, 128), "float32")], SPEC)
    assert str(alike(uneven)) == "R1W1"
    assert abs(alike(uneven).nbytes - uneven.nbytes) <= 8
    assert alike(traffic([SPEC, SPEC], SPEC)) == traffic([SPEC, SPEC], SPEC)


def test_matrix_flops_sees_into_programs():
    a, b = jnp.ones((4, 8)), jnp.ones((8, 16))
    assert bench.matrix_flops(lambda a, b: activax.gelu(a @ b), a, b) == 2 * 4 * 8 * 16

    def scanned(a, b):
        square = jnp.ones((4, 4))
        once = jax.jit(jax.checkpoint(lambda h, _: (square @ h, None)))
        return jax.lax.scan(once, a, length=5)[0] @ b

    assert bench.matrix_flops(scanned, a, b) == 5 * 2 * 4 * 4 * 8 + 2 * 4 * 8 * 16
    gradient = jax.grad(lambda a, b: ((a @ b) ** 2).sum(), (0, 1))
    assert bench.matrix_flops(gradient, a, b) == 3 * 2 * 4 * 8 * 16


@pytest.mark.parametrize("name", activax.catalog)
def test_peers_compute_the_same_function(name):
    inputs = [jnp.linspace(-3.3, 4.1, 24).reshape(2, 12)]
    inputs *= 2 if activax.get(name).kind == "gated" else 1
    ours = activax.get(name)(*inputs)
    for library in ("jax", "torch", "keras", "flax"):
        if theirs := peers.find(library, name):
            with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
                np.testing.assert_allclose(ours, theirs(*inputs), atol=1e-5, err_msg=library)


# Measuring


@pytest.mark.parametrize("mode", MODES)
def test_rows_say_everything(mode):
    rivals = {"activax": activax.silu, "jax.nn": jax.nn.silu}
    ours, theirs = bench.compare(
        rivals, SPEC, mode=mode, op="silu", effort=LEAST, reference=activax.silu
    )
    for row in (ours, theirs):
        assert 0 < row.low <= row.seconds <= row.high
        assert row.gb_per_s > 0
        assert row.percent_of_roofline > 0
        assert row.compile_s > 0
        assert row.temporary_bytes >= 0
        assert row.device_seconds is None  # of a CPU
    assert (ours.op, ours.dtype, ours.shape, ours.mode) == ("silu", "float32", "8x128", mode)
    assert ours.vs_jax == theirs.seconds / ours.seconds
    assert theirs.vs_jax == 1
    assert ours.kept_bytes == 4 * SPEC.size < theirs.kept_bytes
    assert ours.worst_ulp <= max(activax.silu.ulps) < 1e6 < theirs.worst_ulp


def test_errors_of_16_bit_functions_are_over_every_input():
    x = jax.ShapeDtypeStruct((8, 128), "bfloat16")
    for mode in ("forward", "backward"):
        row = bench.measure(activax.gelu, x, mode=mode, effort=LEAST, reference=activax.gelu)
        assert 0.4 < row.worst_ulp <= 0.55


def test_a_kink_is_no_error():
    hardtanh = {"ours": lambda x: jnp.clip(x, -1, 1)}  # whose slope at the kinks is one half
    options = {"mode": "backward", "effort": LEAST, "reference": activax.hard_tanh}
    (judged,) = bench.compare(hardtanh, SPEC, **options)
    (excused,) = bench.compare(hardtanh, SPEC, **options, kinks=activax.hard_tanh.kinks)
    assert excused.worst_ulp == 0 < judged.worst_ulp


def test_layers_are_compared_with_matrix_products():
    def layer(weights, x):
        return activax.gelu(x @ weights["w"] + weights["b"])

    weights = {"w": jnp.ones((128, 128)), "b": jnp.ones((1, 128))}
    row = bench.measure(layer, weights, SPEC, mode="forward+backward", effort=LEAST)
    assert (row.op, row.shape, row.worst_ulp) == ("layer", "8x128", None)
    assert row.percent_of_roofline > 0


def test_torch_takes_its_turn():
    torch = torch_programs.load()
    if torch is None:
        pytest.skip("torch is not installed")
    theirs = bench.TorchFunction(torch.nn.functional.silu)
    rivals = {"activax": activax.silu, "torch": theirs}
    for mode in torch_programs.TORCH_MODES:
        options = {"mode": mode, "effort": LEAST, "reference": activax.silu}
        _, row = bench.compare(rivals, SPEC, **options)
        assert row.implementation == "torch"
        assert row.compile_s is row.kept_bytes is None
        assert row.worst_ulp > 1e6
    assert [
        row.implementation for row in bench.compare(rivals, SPEC, mode="jvp", effort=LEAST)
    ] == ["activax"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"functions": {}}, "compare: needs at least one function; got none"),
        ({"mode": "sideways"}, "mode must be one of forward, backward, .* got 'sideways'"),
        ({"effort": bench.Effort(5)}, "repeats must be at least 6, .* got 5"),
        ({"spec": jax.ShapeDtypeStruct((2,), "int32")}, "give an array for a spec of int32"),
        ({"functions": {"torch": bench.TorchFunction(abs)}}, "needs a function of JAX arrays"),
    ],
)
def test_bad_input_is_told(change, message):
    options = {"functions": {"f": activax.relu}, "spec": SPEC, "effort": LEAST} | change
    with pytest.raises(ValueError, match=message):
        bench.compare(options.pop("functions"), options.pop("spec"), **options)


def test_device_time_is_that_of_streams_or_of_modules():
    """As the profilers of GPUs and TPUs write it: planes of lines of events, in picoseconds."""

    def profile(*lines):
        text = "".join(
            f'lines {{ name: "{name}" '
            + "".join(f"events {{ duration_ps: {1000 * ns} }} " for ns in durations)
            + "} "
            for name, durations in lines
        )
        host = 'planes { name: "/host:CPU" lines { name: "Stream #1" events { duration_ps: 9 } } }'
        space = jax.profiler.ProfileData.text_proto_to_serialized_xspace(
            f'{host} planes {{ name: "/device:0" {text} }}'
        )
        return jax.profiler.ProfileData.from_serialized_xspace(space)

    assert busy_ns(profile(("Stream #7(Compute)", [3, 4]), ("Stream #8", [5]))) == 12
    assert busy_ns(profile(("XLA Modules", [20]), ("XLA Ops", [8, 9]), ("Stream #1", [8]))) == 20


# Records


@pytest.fixture(scope="module")
def row():
    return bench.measure(activax.relu, SPEC, effort=LEAST)


def test_json_is_google_benchmarks_and_comes_back(row):
    wrong = dataclasses.replace(row, implementation="wrong", worst_ulp=math.inf)
    here = {"date": "now", "cores": 2, "load": 0.1}
    text = records.to_json([row, wrong], here)
    entry = json.loads(text, parse_constant=pytest.fail)["benchmarks"][0]
    assert entry["name"] == "relu/float32/8x128/forward/relu"
    assert entry["real_time"] == pytest.approx(1e9 * row.seconds)
    assert entry["time_unit"] == "ns"
    assert {"run_type", "iterations", "cpu_time", "bytes_per_second", "label"} <= entry.keys()
    assert records.from_json(text) == ([row, wrong], here)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"benchmarks": [{"name": "x"}]}', "null"])
def test_other_json_is_refused(text):
    with pytest.raises(ValueError, match="not a record of `activax bench --json`"):
        records.from_json(text)


def test_changes_are_certain_where_intervals_are_disjoint(row):
    def timed(middle, spread, **other):
        at = {"seconds": middle, "low": middle - spread, "high": middle + spread}
        return dataclasses.replace(row, page_faults=0, cpu_share=1.0, **at, **other)

    before = [timed(2.0, 0.1), timed(2.0, 0.1, mode="jvp"), timed(1.0, 0.1, op="gone")]
    now = [timed(2.1, 0.1), timed(3.0, 0.1, mode="jvp"), timed(1.0, 0.1, op="new")]
    worst, same = records.changes(before, now)
    assert (worst.ratio, worst.certain) == (1.5, True)
    assert "jvp" in worst.name
    assert (round(same.ratio, 2), same.certain) == (1.05, False)


def test_nothing_is_claimed_of_fresh_pages(row):
    row = dataclasses.replace(row, cpu_share=1.0)
    slow = dataclasses.replace(row, low=9.0, seconds=9.0, high=9.0)
    assert slow.compared_with(row) == "slower"
    assert dataclasses.replace(slow, page_faults=1000.0).compared_with(row) == "tied"


def test_csv_has_every_field(row):
    header, line = records.to_csv([row]).splitlines()
    assert header.split(",") == [field.name for field in dataclasses.fields(row)]
    assert line.startswith("relu,float32,8x128,forward,relu,R1W1,")


def test_traffic_counts_bytes():
    assert traffic([SPEC, SPEC], SPEC).nbytes == 3 * 4 * SPEC.size
    assert Traffic((), ()).nbytes == 0
