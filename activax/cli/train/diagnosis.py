"""The diagnosis of `activax train --diagnose`: its numbers, pictures and files."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from activax import diagnostics, training
from activax.bench.results import files, json_rows
from activax.catalogue.lookup import get
from activax.cli.train import report
from activax.core.activation import Activation
from activax.diagnostics import plot, plot_data
from activax.study.digits import experiment
from activax.study.digits.images import Images, digits
from activax.study.digits.settings import Settings

KINDS = ("gradient-flow", "histograms", "health")  # of pictures
TIMES = 20  # looks at the network after the first one
BINS = 60

Flow = dict[str, diagnostics.GradientFlow]
# A Flow without its statistics, which are not drawn and would double the time to compile.
FlowNorms = dict[str, tuple[Array, Array, Any]]
Look = Callable[[training.State], tuple[FlowNorms, list[diagnostics.HealthReport]]]


class Diagnosis(NamedTuple):
    """The networks of all seeds during training.

    Attributes:
        steps: the steps of the looks at the networks.
        flows: the gradient flow at the first, the middle and the last look; the mean over seeds.
        health: the health of each layer's units, (steps, units of all seeds); empty if the
            activation is not elementwise.
        outputs: the outputs of each layer for all training images, after training.
    """

    steps: list[int]
    flows: dict[str, Flow]
    health: dict[str, diagnostics.HealthReport]
    outputs: dict[str, Array]


def write_diagnosis(name: str, settings: Settings, folder: Path) -> dict[str, Any]:
    """Draw the diagnosis of one activation, and return its numbers, ready for JSON."""
    found = diagnose(name, settings)
    pictures = [
        plot.gradient_flow(found.flows),
        plot.histograms(found.outputs, bins=BINS),
        *([plot.unit_health(found.health, found.steps)] if found.health else []),
    ]
    for kind, figure in zip(KINDS, pictures, strict=False):
        figure.suptitle(name)
        files.write_picture(folder / f"{name}-{kind}.png", figure, report.MARK)
    edges, layers = plot_data.binned("diagnose", found.outputs, BINS)
    return json_rows.finite({
        "steps": found.steps,
        **plot_data.norms("diagnose", found.flows),
        "health": plot_data.shares("diagnose", found.health) if found.health else None,
        "histograms": {
            "edges": edges, "layers": {layer: one._asdict() for layer, one in layers.items()}
        },
    })  # fmt: skip


def diagnose(name: str, settings: Settings) -> Diagnosis:
    """Train the networks once more, as `experiment.train` does, and look at them on the way.

    The first training is timed and reported, so it must run as without a diagnosis.
    """
    run = experiment.prepare(name, settings)
    look = looker(run, settings, get(name))
    steps = sorted({settings.steps * i // TIMES for i in range(TIMES + 1)})
    train = jax.jit(jax.vmap(training.step(run.loss, run.optimizer)))
    number = itertools.count()
    seen = []

    def step(state: training.State, batch: Images) -> tuple[training.State, Any]:
        if next(number) in steps:
            seen.append(look(state))
        return train(state, batch)

    state, _ = training.fit(
        step, run.state, run.stream, settings.steps, description=f"{name}, to diagnose it"
    )
    seen.append(look(state))

    def outputs(params: Any) -> list[Array]:
        layers, _ = experiment.hidden_layers(run.parts, *_cast(params, settings))
        return [layer.outputs for layer in layers]

    nothing = diagnostics.Statistics.empty()
    flows = [
        {path: diagnostics.GradientFlow(*three, nothing) for path, three in norms.items()}
        for norms, _ in seen
    ]
    reports = [reports for _, reports in seen]
    return Diagnosis(
        steps=steps,
        flows={f"step {steps[i]}": flows[i] for i in (0, len(steps) // 2, -1)},
        health=_by_layer(jax.tree.map(lambda *times: jnp.stack(times), *reports)),
        outputs=_by_layer(jax.jit(lambda params: jax.lax.map(outputs, params))(state.params)),
    )


def looker(run: experiment.Experiment, settings: Settings, activation: Activation[...]) -> Look:
    """Return a function that looks at the networks in a training state.

    A look finds the gradient flow on the batch of the table's norms, and the health of units on all
    training images. Health needs an elementwise activation, because other units have no slope of
    their own. Saturation is relative to the steepest slope of the activation before training.
    """
    labels = jnp.asarray(digits()[0].y)
    sinks = [diagnostics.sink(settings.width)] * settings.depth
    elementwise = activation.kind == "elementwise"
    start = diagnostics.health_init(activation, settings.width) if elementwise else None

    def look(state: training.State, batch: Images) -> tuple[FlowNorms, Any]:
        def update(gradients: Any) -> Any:
            return run.optimizer.update(gradients, state.opt_state, state.params)[0]

        def loss(sinks: list[diagnostics.Cotangents]) -> tuple[Array, list[experiment.HiddenLayer]]:
            given = _cast(state.params, settings)
            layers, logits = experiment.hidden_layers(run.parts, *given, sinks)
            return experiment.cross_entropy(logits.astype(jnp.float32), labels), layers

        flow = diagnostics.gradient_flow(run.loss, state.params, batch, state.key, update=update)
        received, layers = jax.grad(loss, has_aux=True)(sinks)
        reports = [
            diagnostics.health_report(
                diagnostics.health_update(start, layer.activation, layer.inputs, gradient)
            )
            for layer, gradient in zip(layers, received, strict=True)
            if start is not None and layer.activation is not None
        ]
        return {path: one[:3] for path, one in flow.items()}, reports

    def of_seeds(state: training.State) -> tuple[FlowNorms, Any]:
        # Seeds run one after the other, because the layers of all would need too much memory.
        norms, reports = jax.lax.map(lambda pair: look(*pair), (state, run.first))
        means = jax.tree.map(lambda of_seeds: of_seeds.mean(0), norms)
        return means, jax.tree.map(jnp.ravel, reports)

    return jax.jit(of_seeds)


def _cast(params: Any, settings: Settings) -> tuple[Any, Array]:
    """Return the parameters and all training images, in the dtype of the computation."""
    return experiment.to_dtype((params, digits()[0].x), settings)


def _by_layer(values: list[Any]) -> dict[str, Any]:
    return {f"layer {i}": value for i, value in enumerate(values, 1)}
