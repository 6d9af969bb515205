"""Rows as JSON and CSV, and the claims that they allow."""

import dataclasses
import json
import math

import jax
import pytest

import activax
from activax import bench
from activax.bench.results import records

pytestmark = pytest.mark.usefixtures("few_sets")


@pytest.fixture(scope="module")
def row():
    """A row that has every field."""
    spec = jax.ShapeDtypeStruct((8, 128), "float32")
    return bench.measure(activax.relu, spec, effort=bench.Effort(repeats=6, sample_s=1e-5))


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
