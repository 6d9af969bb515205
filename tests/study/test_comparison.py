"""Statistics of a study: false claims, the set of the best, failed runs, messages."""

import math

import numpy as np
import pytest

from activax import study

NAMES = [f"activation {i}" for i in range(10)]
REPEATS = 400


def draws(seeds, repeats=REPEATS):
    """Yield scores of equal activations: seeds share a part, and what is left has heavy tails."""
    generator = np.random.default_rng(seeds)
    for _ in range(repeats):
        own = generator.standard_t(5, size=(len(NAMES), seeds))
        yield dict(zip(NAMES, own + 3 * generator.normal(size=seeds), strict=True))


@pytest.mark.parametrize("seeds", [5, 10, 20])
def test_false_claims_are_as_rare_as_the_level(seeds):
    """A claim where nothing differs is false; the bound is 6%, and 3.3 deviations of a count."""
    claims = [
        any(c.p < 0.05 for c in study.compare_paired(s, NAMES[0]).values()) for s in draws(seeds)
    ]
    assert np.mean(claims) <= 0.06 + 3.3 * np.sqrt(0.06 * 0.94 / REPEATS)


@pytest.mark.thorough
@pytest.mark.parametrize("seeds", [5, 10, 20])
def test_the_set_of_the_best_keeps_a_given_best(seeds):
    kept = [NAMES[3] in study.may_be_best(s) for s in draws(seeds)]
    assert np.mean(kept) >= 0.94 - 3.3 * np.sqrt(0.06 * 0.94 / REPEATS)


def test_a_difference_is_found_as_often_as_promised():
    """Eight of ten studies find the difference that is called detectable, if one spread is 1."""
    generator, seeds = np.random.default_rng(0), 10
    shift = study.detectable(seeds, comparisons=9)
    found = 0
    for _ in range(REPEATS):
        rows = np.zeros((10, seeds))
        rows[1:] = generator.normal(size=(9, seeds))
        rows[1] += shift
        found += (
            study.compare_paired(dict(zip(NAMES, rows, strict=True)), NAMES[0])[NAMES[1]].p < 0.05
        )
    assert found / REPEATS >= 0.8 - 3.3 * np.sqrt(0.8 * 0.2 / REPEATS)


def test_an_interval_excludes_zero_where_the_difference_is_claimed():
    generator = np.random.default_rng(0)
    scores = {name: generator.normal(i / 3, 1, size=10) for i, name in enumerate(NAMES)}
    found = study.compare_paired(scores, NAMES[0])
    assert any(c.p < 0.05 for c in found.values())
    for name, one in found.items():
        assert one.difference == pytest.approx(np.mean(scores[name] - scores[NAMES[0]]))
        assert (one.p < 0.05) <= (one.low * one.high > 0)


def test_a_worse_activation_of_wide_spread_is_not_among_the_best():
    generator = np.random.default_rng(0)
    good, bad = generator.normal(size=(2, 20))
    assert study.may_be_best({"good": good, "bad": 6 + 3 * bad}) == ("good",)


def test_failed_runs_enter_no_mean():
    """A run that failed is left out with its seed, and an activation that always failed is NaN."""
    reference = np.arange(6.0)
    scores = {
        "reference": reference,
        "once": np.add(reference, [np.nan, 1, 2, 1, 2, 1]),
        "always": np.full(6, np.inf),
        "but one": np.r_[0.0, np.full(5, np.nan)],
    }
    found = study.compare_paired(scores, "reference")
    assert (found["once"].seeds, found["once"].difference) == (5, pytest.approx(1.4))
    assert found["always"].seeds == 0
    assert np.isnan([found["always"].p, found["but one"].p, found["but one"].difference]).all()
    alone = study.compare_paired(
        {name: scores[name] for name in ("reference", "once")}, "reference"
    )
    assert alone["once"] == found["once"]  # what cannot be tested costs the others nothing
    assert study.may_be_best(scores) == ("reference",)
    assert study.may_be_best({"always": scores["always"]}) == ()


def test_equal_scores_claim_nothing():
    """Activations that agree in all bits, or differ alike in all seeds, leave nothing to test."""
    row = np.arange(5.0)
    scores = {"one": row, "other": row, "shifted": row + 1}
    assert [c.p for c in study.compare_paired(scores, "one").values()] == [1, 1]
    assert set(study.may_be_best(scores)) == set(scores)


def test_the_exact_interval_of_failures():
    """The ends solve the binomial equations that define them."""
    low, high = study.failure_rate(2, 10)

    def at_most(k, p):
        return sum(math.comb(10, i) * p**i * (1 - p) ** (10 - i) for i in range(k + 1))

    assert at_most(2, high) == pytest.approx(0.025)
    assert 1 - at_most(1, low) == pytest.approx(0.025)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: study.compare_paired({"a": [1.0]}, "b"), "reference must be one of a; got 'b'"),
        (
            lambda: study.compare_paired({"a": [1.0], "b": [1.0, 2.0]}, "a"),
            r"got a \(1,\), b \(2,\)",
        ),
        (lambda: study.compare_paired({}, "a"), "rows of one length; got none"),
        (lambda: study.may_be_best({"a": [[1.0]]}), r"rows of one length; got a \(1, 1\)"),
        (lambda: study.may_be_best({"a": [1.0]}, level=5), r"level must be in \(0, 1\); got 5"),
        (lambda: study.failure_rate(3, 2), "got 3 of 2"),
        (lambda: study.detectable(1), "got seeds=1"),
        (lambda: study.detectable(5, power=0.01), "got seeds=5, comparisons=1, power=0.01"),
    ],
)
def test_bad_input_is_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call()
