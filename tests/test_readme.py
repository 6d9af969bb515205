"""The README's tables are those of the committed results, and what it shows runs."""

import json
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

README = Path(__file__).parent.parent / "README.md"


@pytest.mark.parametrize("name", ["README", "RESULTS"])
def test_tables_are_up_to_date(name):
    readme = pytest.importorskip("benchmarks.readme", reason="the bench extra is not installed")
    text = readme.FILES[name].read_text()
    stale = "run `python -m benchmarks.readme`"
    assert readme.filled(text, readme.tables()[name]) == text, stale


def test_committed_bits_are_those_of_today():
    memory = pytest.importorskip("benchmarks.memory", reason="the bench extra is not installed")
    ours = ("op", "alone", "between layers")  # the peers' depend on the version of JAX
    committed = json.loads(memory.COMMITTED.read_text())["records"]
    measured = memory.measure(jnp.float32)
    assert [[row[c] for c in ours] for row in committed] == [
        [row[c] for c in ours] for row in measured
    ]


@pytest.mark.usefixtures("standard_promotion")
def test_the_tour_runs():
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(blocks) == 7
    wrong = [line for line in blocks[0].splitlines() if "ValueError" in line]
    scope = {
        "__name__": "__main__",
        "gate": jnp.ones(2),
        "value": jnp.ones(2),
        "packed": jnp.ones(4),
    }
    exec("\n".join(line for line in blocks[0].splitlines() if line not in wrong), scope)
    for line in wrong:
        with pytest.raises(ValueError, match="Did you mean"):
            exec(line, scope)
    exec(blocks[1], scope)
    scope |= {"x": jax.random.normal(jax.random.key(3), (96, 64)), "y": jnp.zeros(96, int)}
    exec(blocks[2].replace(", 500)", ", 3)"), scope)
    assert scope["history"]["loss"].shape == (3,)
    for block in blocks[3:]:
        exec(block, scope)
