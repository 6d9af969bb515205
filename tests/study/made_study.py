"""Studies with made-up outcomes, for the tests of results and reports."""

import dataclasses

import numpy as np

from activax.study.cells import Outcome
from activax.study.plan import Plan
from activax.study.results import Results

HEADER = {
    "scores": {"mine": "test NLL"},
    "versions": {"activax": "0.1.0", "jax": "0.10.2"},
    "machine": {"cpu": "a CPU", "cores": 2},
    "command": ["activax", "study", "--data", "my data.npz"],
}
LEADS = {"relu": 0.0, "gelu": -0.05, "silu": -0.045, "tanh": 0.1, "mish": 0.0}
RATES = (1e-3, 3e-3, 1e-2)


def made_plan(**changes):
    plan = Plan(("mine",), tuple(LEADS), RATES, seeds=10, reference="relu")
    return dataclasses.replace(plan, **changes)


def outcome_of(cell, lead, facts=True):
    """Return an outcome whose score is best at the middle rate; seeds share a part of it."""
    seeds = np.asarray(cell.seeds)
    shared = np.sin(seeds * 12.9898) * 0.1
    own = np.random.default_rng([*cell.activation.encode(), *cell.task.encode()])
    noise = own.normal(0, 0.01, 64)[seeds]
    score = 0.5 + lead + shared + noise + 0.02 * abs(np.log(cell.rate / RATES[1]))
    if not facts:
        return Outcome(tuple(score.tolist()), tuple(score.tolist()))
    steps = np.arange(1, 9) * 10
    curve = score / 2 + np.exp(-steps[:, None] / 20)
    kept = {
        "accuracy": (0.95 - lead + 0 * score).tolist(),
        "curve": curve.tolist(),
        "curve_steps": steps.tolist(),
        "step_s": 2e-3 * (2 + lead),
        "compile_s": 1.5,
        "kept_bytes": 4096,
        "parameters": 1000,
        "dead": None if cell.activation == "tanh" else (0.1 + 0 * score).tolist(),
        "gradient_first": 1.0,
        "gradient_last": 2.0,
    }
    return Outcome(tuple(score.tolist()), tuple(score.tolist()), kept)


def made_results(plan=None, *, leads=LEADS, change=lambda cell, outcome: outcome, header=HEADER,
                 facts=True):  # fmt: skip
    """Return the finished results of a plan.

    Args:
        plan: a plan whose activations are in `leads`.
        leads: the difference of each activation to the reference.
        change: from a cell and its outcome to the outcome that is kept, or None for none.
        header: the header of the results.
        facts: whether outcomes have facts.
    """
    plan, outcomes, skipped = plan or made_plan(), {}, set()
    while todo := [c for c in plan.cells(outcomes) if c not in outcomes and c not in skipped]:
        for cell in todo:
            outcome = change(cell, outcome_of(cell, leads[cell.activation], facts))
            if outcome is None:
                skipped.add(cell)
            else:
                outcomes[cell] = outcome
    return Results(plan, outcomes, header)


def without_gelu(stage):
    """Return the change of a study that lacks gelu in its "screen" or its "confirmation"."""

    def change(cell, outcome):
        lost = cell.activation == "gelu" and (cell.first == 0) == (stage == "screen")
        return None if lost else outcome

    return change
