"""`activax theory`: the card, the maps that it draws, and errors of one line."""

import json
import math

import numpy as np
import pytest

import activax
from activax import theory

cli = pytest.importorskip("activax.cli", reason="the cli extra is not installed")
from activax.cli.theory import card as theory_card  # noqa: E402
from activax.cli.theory import card_text  # noqa: E402
from activax.cli.theory import maps as theory_maps  # noqa: E402

pytestmark = pytest.mark.usefixtures("standard_promotion")


def test_the_card_is_what_theory_says(tmp_path, capsys):
    file = tmp_path / "card.json"
    flags = ["--q", "10", "--sigma-b", "0.3", "--depth", "2", "--json", str(file)]
    assert cli.main(["theory", "tanh", *flags]) == 0
    printed = capsys.readouterr().out
    card = json.loads(file.read_text(), parse_constant=pytest.fail)
    assert card["moments"]["10.0"] == theory.moments(activax.tanh, 10.0)._asdict()
    assert card["gains"]["backward"] == theory.gain(activax.tanh, "backward")
    assert card["minimum"] == {"x": "-inf", "value": -1.0}
    point = theory.critical(activax.tanh, sigma_b=0.3)
    assert card["critical"]["sigma_b = 0.3"].items() >= point._asdict().items()
    assert "no half-stable critical point" in card["critical"]["half-stable"]
    own = theory.propagate(activax.tanh, theory.gain(activax.tanh), depth=2, rho0=0.5)
    assert card["propagation"]["own gain"]["gradient"] == own.gradient
    assert card["propagation"]["critical"]["q"] == point.q
    for text in ("1.59254 forward", "1.39558", "no half-stable", "-1 at -inf", "runs", "returns"):
        assert (text in printed) == (text != "runs")


def test_equal_starts_share_a_line():
    points = theory_card.critical_points(activax.relu, None)
    (name,) = theory_card.starts(activax.relu, points)
    assert name == "He = own gain = half-stable"


@pytest.mark.slow
def test_every_elementwise_activation_has_a_card_or_no_moments(elementwise):
    def card():
        return theory_card.card(elementwise, [1.0], 0.3, depth=2)

    if elementwise.domain != (-math.inf, math.inf):
        with pytest.raises(ValueError, match="has no moments"):
            card()
    else:
        text = json.dumps(theory_card.without_infinities(card()), allow_nan=False)
        assert json.loads(text)["propagation"]


@pytest.mark.thorough
def test_the_picture(tmp_path, capsys):
    assert cli.main(["theory", "relu", "--depth", "1", "--png", str(tmp_path / "x.png")]) == 0
    assert "wrote" in capsys.readouterr().out
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("y", "points"),
    [
        (lambda x: x**2, [(0.0, 1), (1.0, -1)]),
        (lambda x: x + (x - 1) ** 2, [(1.0, 0)]),
        (lambda x: x, []),
        (lambda x: x / 2 + 0.3, [(0.6, 1)]),
    ],
)
def test_fixed_points(y, points):
    x = np.linspace(0, 2, 41)
    found = theory_maps.crossings(x, y(x))
    assert [point.stable for point in found] == [stable for _, stable in points]
    assert [point.x for point in found] == pytest.approx([x for x, _ in points])


def test_the_correlation_map_of_relu_is_the_arc_cosine_kernel():
    start = theory_card.Start(2**0.5, 0.0, 1.0)
    found = theory_maps.next_correlation(activax.relu, start, depth=1)
    c = theory_maps.CORRELATIONS
    angle = np.arccos(np.clip(c, -1, 1))
    wanted = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi
    np.testing.assert_allclose(found, wanted, atol=1e-12)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("function", "beyond"),
    [
        (activax.tanh, theory_maps.CHAOTIC),
        (activax.relu, theory_maps.UNBOUNDED),
    ],
)
def test_phases_change_at_the_critical_line(function, beyond):
    at = theory_maps.moment_table(function, [])
    sigma_w, sigma_b, returns = theory_maps.critical_line(at)
    i = len(sigma_w) // 2
    around = sigma_w[i] * np.array([0.98, 1.02])
    (found,) = theory_maps.phases(at, around, sigma_b[i : i + 1])
    assert found.tolist() == [theory_maps.ORDERED, beyond]
    assert returns[i] == (beyond == theory_maps.CHAOTIC)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("softmax", "softmax is vector; give elementwise ones"),
        ("gellu", "unknown activation 'gellu'. Did you mean 'gelu'?"),
        ("log1mexp", "activax.log1mexp has no moments at q=1.0"),
        ("gelu --q -1", "--q: must be a positive number; got '-1'"),
        ("gelu --sigma-b many", "--sigma-b: must be a number from 0 on; got 'many'"),
        ("gelu --png x.xyz", "--png needs a name that ends in .png; got x.xyz"),
        ("gelu --json /nowhere/x.json", "cannot write a file at '/nowhere/x.json'"),
    ],
)
def test_bad_arguments_get_one_line(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["theory", *arguments.split()])
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error


@pytest.mark.thorough
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_card_fits_the_terminal_and_says_what_its_rows_mean(columns, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert cli.main(["theory", "mish", "--sigma-b", "0.3", "--depth", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    printed = "\n".join(lines)
    rows = card_text.MOMENTS | card_text.CRITICAL | card_text.FOLLOWED
    for symbol, meaning in rows.values():
        assert (symbol in printed and meaning in printed) == (symbol != "float32")
    assert "…" not in printed
