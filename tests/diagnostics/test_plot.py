"""Figures show the given numbers, and mark the numbers that have no place on a scale."""

import io
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from activax.diagnostics import GradientFlow, HealthReport, Statistics, plot

figures = pytest.importorskip("matplotlib.figure", reason="the cli extra is not installed")


def flow(norms, ratios=None):
    ratios = ratios or dict.fromkeys(norms)
    nothing = Statistics.empty()
    return {path: GradientFlow(norms[path], 1.0, ratios[path], nothing) for path in norms}


def lines(axes):
    return {line.get_label(): line for line in axes.lines}


def ticks(axes):
    return [label.get_text() for label in axes.get_xticklabels()]


def legend(figure):
    (found,) = figure.legends
    return [text.get_text() for text in found.get_texts()]


def drawn(figure):
    """Assert that the figure draws without a warning, and that pyplot does not hold it."""
    assert isinstance(figure, figures.Figure)
    pyplot = sys.modules.get("matplotlib.pyplot")  # another test may have imported pyplot
    assert pyplot is None or not pyplot.get_fignums()
    out = io.BytesIO()
    figure.savefig(out, dpi=30)
    assert out.getvalue().startswith(b"\x89PNG")


def test_gradient_flow_draws_norms_and_ratios_in_the_order_of_the_network():
    paths = [f"{i}/{kind}" for i in range(11) for kind in ("bias", "weight")]
    norms = {path: 10.0**-i for i, path in enumerate(paths)}
    ratios = {path: 1e-3 * (i + 1) for i, path in enumerate(paths)}
    found = jax.jit(lambda: flow(norms, ratios))()
    assert [*found] != paths  # jit sorts paths as text
    figure = plot.gradient_flow(found)
    drawn(figure)
    above, below = figure.axes
    assert above.get_ylabel() == "gradient norm"
    assert below.get_ylabel() == "update norm / parameter norm"
    assert ticks(below) == paths
    for axes, values in ((above, norms), (below, ratios)):
        assert axes.get_yscale() == "log"
        assert lines(axes).keys() == {"bias", "weight"}
        for kind, line in lines(axes).items():
            at, y = line.get_data()
            assert [paths[i] for i in at] == [path for path in paths if path.endswith(kind)]
            assert_allclose(y, [values[paths[i]] for i in at], rtol=1e-6)
    assert legend(figure) == ["bias", "weight"]


def test_gradient_flow_keeps_an_order_that_is_not_alphabetic():
    norms = dict.fromkeys(["encoder/10", "encoder/2", "decoder/1"], 1.0)
    figure = plot.gradient_flow(flow(norms))
    assert ticks(figure.axes[0]) == [*norms]
    assert not figure.legends  # a single line needs no legend


def test_gradient_flow_compares_flows_of_different_parameters():
    relu = flow({"0/weight": 1.0, "2/weight": 2.0}, {"0/weight": 0.1, "2/weight": 0.2})
    gated = flow({"0/0/weight": 3.0, "0/1/weight": 4.0, "2/weight": 5.0})
    figure = plot.gradient_flow({"relu": relu, "swiglu": gated})
    drawn(figure)
    above, below = figure.axes
    order = ["0/0/weight", "0/1/weight", "0/weight", "2/weight"]
    assert ticks(below) == order
    assert_array_equal(lines(above)["relu weight"].get_data(), [[2, 3], [1, 2]])
    assert_array_equal(lines(above)["swiglu weight"].get_data(), [[0, 1, 3], [3, 4, 5]])
    assert_array_equal(lines(below)["relu weight"].get_data(), [[2, 3], [0.1, 0.2]])
    assert len(lines(below)["swiglu weight"].get_xdata()) == 0  # swiglu had no update
    assert legend(figure) == ["relu", "swiglu", "weight"]


@pytest.mark.parametrize("exploded", [jnp.inf, jnp.nan])
def test_gradient_flow_marks_what_a_logarithmic_scale_cannot_show(exploded):
    figure = plot.gradient_flow(flow({"0": jnp.float32(0), "1": 2.0, "2": jnp.float32(exploded)}))
    drawn(figure)
    (axes,) = figure.axes
    line, zero, infinite = axes.lines
    assert_array_equal(line.get_ydata(), [np.nan, 2, np.nan])
    assert zero.get_xdata() == [0]
    assert infinite.get_xdata() == [2]
    bottom, top = (mark.get_transform().transform((0, mark.get_ydata()[0]))[1]
                   for mark in (zero, infinite))  # fmt: skip
    assert_allclose([bottom, top], axes.get_window_extent().intervaly)
    assert legend(figure) == ["0", "NaN or infinite"]
    drawn(plot.gradient_flow(flow({"0": 0.0, "1": np.nan})))  # no value to choose a scale by


def report(times=3, units=4, **arrays):
    nothing = jnp.zeros((times, units))
    return HealthReport(*[nothing] * len(HealthReport._fields))._replace(**arrays)


DYING = jnp.array([[False] * 4, [True] + [False] * 3, [True] * 4])


def test_unit_health_draws_the_share_of_each_flag_by_layer():
    flags = ["dead", "dormant", "zero_gradient", "saturated"]
    reports = {flag: report(**{flag: DYING}) for flag in flags}
    figure = plot.unit_health(reports, steps=[0, 10, 40])
    drawn(figure)
    for axes, own in zip(figure.axes, flags, strict=True):
        assert (
            axes.get_title()
            .replace("-", " ")
            .startswith(own.replace("_", " ").replace("dormant", "tau dormant"))
        )
        assert not axes.texts
        assert [*lines(axes)] == flags
        for flag, line in lines(axes).items():
            assert_array_equal(line.get_xdata(), [0, 10, 40])
            assert_array_equal(line.get_ydata(), [0, 25, 100] if flag == own else [0, 0, 0])
    assert figure.get_supxlabel() == "step"
    assert legend(figure) == flags
    assert_array_equal(plot.unit_health(reports).axes[0].lines[0].get_xdata(), [0, 1, 2])


def test_unit_health_leaves_out_what_is_not_known():
    unbounded = report(saturated_share=jnp.full((3, 4), jnp.nan))
    exploded = report(dormancy=jnp.array([[0.0] * 4, [0.0] * 4, [jnp.nan] * 4]))
    figure = plot.unit_health({"relu_squared": unbounded, "gelu": exploded})
    drawn(figure)
    _, dormant, _, saturated = figure.axes
    assert np.isnan(lines(saturated)["relu_squared"].get_ydata()).all()
    assert_array_equal(lines(dormant)["gelu"].get_ydata(), [0, 0, np.nan])
    notes = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    assert notes == [[], note := ["not known, or not always: 1 of 2 layers"], [], note]


def test_a_deep_network_has_a_legend_that_can_be_read():
    figure = plot.unit_health({f"layer {i}": report() for i in range(1, 51)})
    assert len(figure.axes[0].lines) == 50
    assert legend(figure) == [f"layer {i}" for i in range(1, 51, 5)]


def test_histograms_draw_all_values_in_the_same_bins():
    x = np.asarray(jax.random.normal(jax.random.key(0), (50, 3)))
    layers = {"layer 1": x, "layer 2": np.maximum(3 * x, 0)}
    figure = plot.histograms(layers, bins=7)
    drawn(figure)
    edges = np.linspace(min(x.min(), 0), 3 * x.max(), 8)
    for axes, (name, values) in zip(figure.axes, layers.items(), strict=True):
        (patch,) = axes.patches
        shares, at, _ = patch.get_data()
        assert_allclose(at, edges, rtol=1e-6)
        assert_allclose(shares, np.histogram(values, edges)[0] / values.size)
        assert axes.get_title() == f"{name}: {(values == 0).mean():.1%} are 0"
        assert axes.get_yscale() == "log"
        assert axes.get_ylim()[0] < shares[shares > 0].min()


def test_histograms_count_what_is_not_finite_and_take_every_real_dtype():
    broken = jnp.array([jnp.nan, jnp.inf, -jnp.inf, 0.0], jnp.bfloat16)
    layers = {"a": broken, "b": jnp.full(3, jnp.nan), "c": jnp.arange(4), "d": [True, False]}
    figure = plot.histograms(layers)
    drawn(figure)
    a, b, c, d = figure.axes
    assert a.get_title() == "a: 25.0% are 0, 3 not finite"
    assert a.patches[0].get_data().values.sum() == 0.25
    assert b.get_title() == "b: 0.0% are 0, 3 not finite"
    assert b.patches[0].get_data().values.sum() == 0
    assert c.patches[0].get_data().edges[[0, -1]].tolist() == [0, 3]
    assert d.get_title() == "d: 50.0% are 0"
    drawn(plot.histograms({"b": jnp.full(3, jnp.nan)}))  # no value to choose bins by


@pytest.mark.thorough
def test_histograms_of_many_layers_go_into_columns():
    figure = plot.histograms({f"layer {i}": jnp.arange(3.0) for i in range(9)})
    drawn(figure)
    at = {axes.get_title()[:7]: axes.get_position() for axes in figure.axes}
    assert at.keys() == {f"layer {i}" for i in range(9)}
    assert at["layer 0"].x1 < at["layer 5"].x0
    assert at["layer 4"].x0 == at["layer 0"].x0


@pytest.mark.parametrize("call", [
    lambda: plot.gradient_flow(flow({"0": 1.0})),
    lambda: plot.unit_health({"a": report()}),
    lambda: plot.histograms({"a": jnp.ones(3)}),
])  # fmt: skip
def test_without_matplotlib_the_error_says_what_to_install(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModuleNotFoundError, match=r"^plot\.\w+: needs matplotlib; install it with"):
        call()


def test_values_that_nearly_agree_have_a_histogram():
    figure = plot.histograms({"a": np.array([1.0, np.nextafter(1.0, 2)])}, bins=np.int64(5))
    assert figure.axes[0].patches[0].get_data().values.sum() == 1


ONE = report(1)
BAD = [
    (lambda: plot.gradient_flow([1.0]), TypeError,
     "plot.gradient_flow: flows must be a dict; got list"),
    (lambda: plot.gradient_flow({}), ValueError,
     "plot.gradient_flow: flows must not be empty; got {}"),
    (lambda: plot.gradient_flow({"relu": {}}), ValueError,
     r"plot.gradient_flow: flows\['relu'\] must not be empty; got {}"),
    (lambda: plot.gradient_flow({"0/weight": jnp.ones(())}), TypeError,
     "flows must be what activax.diagnostics.gradient_flow returned, or several of these by name; "
     "got .* for '0/weight'"),
    (lambda: plot.gradient_flow({"0": flow({"a": 1.0})["a"], "1": 2.0}), TypeError,
     "flows must be what .* got GradientFlow for '0'"),
    (lambda: plot.gradient_flow(flow({"0/weight": jnp.ones(5)}, {"0/weight": jnp.ones(5)})),
     ValueError, r"plot.gradient_flow: norms must be scalars; got shape \(5,\) for '0/weight'. "
     "Draw one network, or the mean over several."),
    (lambda: plot.unit_health([ONE]), TypeError,
     "plot.unit_health: reports must be a dict; got list"),
    (lambda: plot.unit_health({}), ValueError,
     "plot.unit_health: reports must not be empty; got {}"),
    (lambda: plot.unit_health({"layer 1": [ONE]}), TypeError,
     "plot.unit_health: reports must hold what health_report returned, stacked over time; "
     "got list for 'layer 1'"),
    (lambda: plot.unit_health({"layer 1": jax.tree.map(lambda a: a[0], ONE)}), ValueError,
     r"plot.unit_health: reports must hold arrays of shape \(times, units\); got \(4,\) for "
     r"'layer 1'. Stack the reports of several times: jax.tree.map\("),
    (lambda: plot.unit_health({"layer 1": report(1, 0)}), ValueError,
     r"arrays of shape \(times, units\); got \(1, 0\) for 'layer 1'"),
    (lambda: plot.unit_health({"layer 1": ONE._replace(dead=jnp.ones((2, 4)))}), ValueError,
     r"arrays of shape \(times, units\); got \(1, 4\) and \(2, 4\) for 'layer 1'"),
    (lambda: plot.unit_health({"layer 1": ONE, "layer 2": report(2)}), ValueError,
     r"plot.unit_health: all layers must have reports of as many times; got \[1, 2\]"),
    (lambda: plot.unit_health({"layer 1": ONE}, steps=[1, 2]), ValueError,
     r"plot.unit_health: steps must be one number for each of 1 times; got int64 of shape \(2,\)"),
    (lambda: plot.unit_health({"layer 1": ONE}, steps=["late"]), ValueError,
     r"plot.unit_health: steps must be one number for each of 1 times; got <U4 of shape \(1,\)"),
    (lambda: plot.histograms(jnp.ones(3)), TypeError,
     "plot.histograms: layers must be a dict; got ArrayImpl"),
    (lambda: plot.histograms({}), ValueError, "plot.histograms: layers must not be empty; got {}"),
    (lambda: plot.histograms({"a": jnp.ones(3, complex)}), TypeError,
     "plot.histograms: layers must hold real arrays; got complex64 for 'a'"),
    (lambda: plot.histograms({"a": "relu"}), TypeError,
     "plot.histograms: layers must hold real arrays; got <U4 for 'a'"),
    (lambda: plot.histograms({"a": jnp.ones((0, 3))}), ValueError,
     r"plot.histograms: layers must hold arrays with elements; got shape \(0, 3\) for 'a'"),
    (lambda: plot.histograms({"a": jnp.ones(3)}, bins=0), ValueError,
     "plot.histograms: bins must be a positive integer; got 0"),
    (lambda: plot.histograms({"a": jnp.ones(3)}, bins=2.5), ValueError,
     "plot.histograms: bins must be a positive integer; got 2.5"),
    (lambda: plot.histograms({"a": jnp.ones(3)}, bins=True), ValueError,
     "plot.histograms: bins must be a positive integer; got True"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_errors_name_function_argument_and_rule(call, error, message):
    with pytest.raises(error, match=message):
        call()
