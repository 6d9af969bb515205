"""The rooms of the package: sizes of files, docstrings of rooms, and names with one meaning."""

import ast
import collections
import importlib
import pathlib
import re

import pytest

import activax

PACKAGE = pathlib.Path(activax.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
ROOMS = sorted({file.parent for file in FILES} - {PACKAGE})
MOST_LINES = 300
# Files that a program writes.
WRITTEN = {
    "catalogue/index.py", "catalogue/presets.py", "catalogue/shapes.py", "catalogue/traits.py",
    "numerics/coefficients.py", "numerics/nudges.py",
}  # fmt: skip
# Names at the top of several modules, with one meaning: the same thing in each room.
SHARED = {
    "COLUMNS": "the columns of a table",
    "CSV_MARK": "the beginning of a CSV file that a command writes",
    "Floats": "a NumPy array of floats",
    "MARK": "the mark of the files that a command writes",
    "P": "the parameters of a function",
    "ScalarFunction": "a function of one number",
    "T": "the result of a function",
    "add_arguments": "the arguments of a command",
    "conclusion": "the sentences of a comparison",
    "critical": "public: critical inputs, initialisation and points of theory",
    "gaussian": "the activation, and its kernel",
    "gradient_flow": "public: the measurement, and its picture",
    "init": "the init of a layer, and the start of training",
    "load": "an activation of the index, and public: the results of a study",
    "positions": "public: where an activation may stand, and the layer of positions",
    "run": "public: a study; and the run of a command",
    "step": "public: the threshold neuron, and the training step",
    "softplus": "the activation, and its kernel",
    "square": "the activation, and its kernel",
    "summarize": "public: the statistics of an array, and the facts of a study",
    "table": "the table of a comparison, for the terminal",
    "tanh": "the activation, and its kernel",
    "unit_health": "public: the measurement, and its picture",
}


def relative(path):
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("file", FILES, ids=relative)
def test_a_file_is_short(file):
    assert relative(file) in WRITTEN or len(file.read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("room", ROOMS, ids=relative)
def test_a_room_says_what_is_in_it(room):
    """A room has a docstring; one inside another room lists its modules there, and all of them."""
    text = ast.get_docstring(ast.parse((room / "__init__.py").read_text()))
    assert text
    assert importlib.import_module(".".join(room.relative_to(PACKAGE.parent).parts)).__doc__
    _, index, lines = text.partition("Modules:\n")
    assert index or room.parent == PACKAGE
    if index:
        modules = {path.stem for path in room.iterdir() if path in FILES or path in ROOMS}
        assert {*re.findall(r"^    (\w+)  +\S", lines, re.MULTILINE)} == modules - {"__init__"}


def test_the_root_has_no_private_modules():
    assert {file.name for file in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py"}


def test_a_name_has_one_meaning():
    """A class, function or constant at the top of two modules is one of SHARED."""
    places = collections.defaultdict(set)
    for file in FILES:
        if file.name == "__init__.py":
            continue
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names = [node.name]
            elif isinstance(node, ast.Assign):
                names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names = [node.target.id]
            else:
                continue
            for name in names:
                if not name.startswith("_"):
                    places[name].add(relative(file))
    twice = {name: sorted(files) for name, files in places.items() if len(files) > 1}
    assert {name: twice[name] for name in twice.keys() - SHARED.keys()} == {}
