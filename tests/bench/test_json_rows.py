"""Records are JSON with a row a line, the committed ones too."""

import json
import math
from pathlib import Path

import pytest

from activax.bench.results import json_rows

RESULTS = sorted((Path(__file__).parents[2] / "benchmarks" / "results").glob("*.json"))


@pytest.mark.parametrize("file", RESULTS, ids=lambda file: file.stem)
def test_committed_results_are_as_they_are_written_today(file):
    text = file.read_text()
    assert json_rows.dumps(json.loads(text)) + "\n" == text


def test_each_row_has_a_line_and_comes_back():
    rows = [{"op": "relu", "loss": [1.0, 0.5]}, {"op": "gelu", "loss": [2.0]}]
    record = {"facts": {"date": "now", "flags": {}}, "rows": rows, "named": {"a": {}, "b": {}},
              "numbers": [1, 2], "none": []}  # fmt: skip
    text = json_rows.dumps(record)
    assert json.loads(text) == record
    lines = text.splitlines()
    assert [json.loads(line.rstrip(",")) for line in lines if line.startswith('{"op"')] == rows
    assert {'"a": {},', '"b": {}', '"numbers": [1, 2],', '"none": []'} <= {*lines}


def test_numbers_that_json_lacks_are_refused_on_demand():
    assert json.loads(json_rows.dumps({"loss": math.inf})) == {"loss": math.inf}
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_rows.dumps({"loss": math.inf}, allow_nan=False)
