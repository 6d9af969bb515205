"""The tour of `activax` alone, and `activax doctor`."""

import numpy as np
import pytest
from mpmath import mp

import activax

cli = pytest.importorskip("activax.cli", reason="the cli extra is not installed")
from activax.cli import doctor, tour  # noqa: E402


def test_the_tour_shows_each_command_as_it_runs(capsys):
    assert cli.main([]) == 0
    printed = capsys.readouterr().out
    shown = [line.split()[1:] for line in printed.splitlines() if line.startswith("  activax ")]
    assert len(shown) == len(tour.TOUR)
    assert [cli.parser().parse_args(words).command for words in shown] == [w[0] for w in shown]
    assert {words[0] for words in shown} == {*cli.COMMANDS}
    assert max(map(len, printed.splitlines())) <= 80


def test_doctor_finds_this_installation_right(capsys):
    assert cli.main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert f"activax {activax.__version__}" in printed
    assert all(f"  {name} " in printed for name in doctor.STORED)
    assert printed.endswith("all are right\n")


def test_doctor_finds_a_wrong_result(capsys, monkeypatch):
    values, slopes = doctor.STORED["silu"]
    monkeypatch.setitem(doctor.STORED, "silu", (values, (*slopes[:-1], slopes[-1] * (1 + 1e-6))))
    assert cli.main(["doctor"]) == 1
    printed = capsys.readouterr().out
    (wrong,) = (line for line in printed.splitlines() if "WRONG" in line)
    assert "silu" in wrong
    assert "1 of 10 are wrong" in printed


def test_doctor_needs_a_device_that_is_there(capsys):
    with pytest.raises(SystemExit):
        cli.main(["doctor", "--device", "99"])
    assert "--device must be from 0 to" in capsys.readouterr().err


@pytest.mark.parametrize("name", doctor.STORED)
def test_stored_numbers_are_those_of_the_reference(name):
    activation = activax.catalog[name]

    def exact(x):
        return activation.reference(mp, x, **activation.parameters)

    with mp.workdps(50):
        for point, value, slope in zip(doctor.STORED_AT, *doctor.STORED[name], strict=True):
            x = mp.mpf(float(np.float32(point)))
            assert float(exact(x)) == pytest.approx(value, rel=1e-9, abs=0)
            assert float(mp.diff(exact, x)) == pytest.approx(slope, rel=1e-9, abs=0)
