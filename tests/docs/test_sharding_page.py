"""The page about sharding: its snippets run as printed on eight devices.

Devices are faked before JAX starts, so this file is also a program, which its one test runs.
"""

import ast
import re
from pathlib import Path

import pytest
from eight_devices import run_program

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "sharding.md"


@pytest.mark.thorough
def test_the_snippets_run_as_printed():
    pytest.importorskip("optax")
    run_program(__file__, JAX_NUMPY_DTYPE_PROMOTION="standard", JAX_NUMPY_RANK_PROMOTION="allow")


def main():
    scope, compared = {}, 0
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        lines = block.splitlines()
        for statement in ast.parse(block).body:
            promised = re.search(r"# -> (.*)", lines[statement.end_lineno - 1])
            if promised:
                shown = repr(eval(compile(ast.Expression(statement.value), PAGE, "eval"), scope))
                assert shown == promised[1], (lines[statement.end_lineno - 1], shown)
                compared += 1
            else:
                exec(compile(ast.Module([statement], []), PAGE, "exec"), scope)
    assert compared == 5, compared


if __name__ == "__main__":
    main()
