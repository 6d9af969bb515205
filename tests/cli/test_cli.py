"""The command line: the main job at a small size, the catalogue, and errors of one line."""

import json
import resource
import sys
import types

import numpy as np
import pytest

import activax
from activax.catalogue import INDEX

cli = pytest.importorskip("activax.cli", reason="the cli extra is not installed")
from activax.cli.arguments import SHORT_DTYPES  # noqa: E402
from activax.cli.train.report import conclusion  # noqa: E402

pytestmark = pytest.mark.usefixtures("standard_promotion")
SMALL = ["--depth", "1", "--width", "8", "--seeds", "2", "--steps", "3", "--batch", "16"]


@pytest.mark.thorough
def test_train_compares_and_writes(tmp_path, capsys):
    out = tmp_path / "run"
    names = ["swiglu", "prelu"]
    flags = ["--learn", "--optimizer", "adamw", "--dtype", "bfloat16", "--out", str(out)]
    assert cli.main(["train", "--activations", *names, *SMALL, *flags]) == 0
    printed, told = capsys.readouterr()
    assert all(name in printed for name in names)
    assert [line.partition(": accuracy ")[0] for line in told.splitlines()] == names
    assert "The best may be any of: " in printed
    assert "Different from swiglu: " in printed
    record = json.loads((out / "results.json").read_text())
    assert record["settings"]["width"] == 8
    assert record["complete"] is True
    assert [row["activation"] for row in record["results"]] == names
    for row in record["results"]:
        assert len(row["accuracy"]) == 2
        assert all(0 <= share <= 1 for share in row["accuracy"])
        assert len(row["loss"]) == 3
        assert row["kept_bytes"] > 0
        assert row["gradient_first"] > 0
    assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_what_one_seed_or_one_activation_tells():
    for name_to_accuracy in ({"relu": [0.9], "gelu": [0.8]}, {"relu": [0.9, 0.8, 0.7]}):
        results = [
            types.SimpleNamespace(activation=name, accuracy=np.array(accuracy))
            for name, accuracy in name_to_accuracy.items()
        ]
        assert conclusion(results).startswith("One activation, or one seed, tells nothing")


def untimed(path):
    rows = json.loads((path / "results.json").read_text())["results"]
    return [{k: v for k, v in row.items() if not k.endswith("_seconds")} for row in rows]


@pytest.mark.thorough
def test_diagnose_leaves_training_as_it_is_and_writes_its_findings(tmp_path, capsys):
    names = ["prelu", "swiglu"]
    plain, out = tmp_path / "plain", tmp_path / "diagnosed"
    command = ["train", "--activations", *names, *SMALL, "--learn", "--out"]
    assert cli.main([*command, str(plain)]) == 0
    assert cli.main([*command, str(out), "--diagnose"]) == 0
    results = untimed(out)
    assert results == untimed(plain)
    pictures = {"prelu-gradient-flow", "prelu-health", "prelu-histograms",
                "swiglu-gradient-flow", "swiglu-histograms", "curves"}  # fmt: skip
    assert {path.stem for path in out.glob("*.png")} == pictures
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in out.glob("*.png"))
    left_out = "swiglu: unit health is left out; it needs elementwise activations, not gated"
    assert left_out in capsys.readouterr().out
    found = json.loads((out / "diagnostics.json").read_text())
    assert found["settings"]["learn"]
    for result, one in zip(results, found["diagnoses"].values(), strict=True):
        assert one["steps"] == [0, 1, 2, 3]
        assert one["gradient_norm"].keys() == {"step 0", "step 2", "step 3"}
        started, later = (one["update_ratio"][step] for step in ("step 0", "step 2"))
        biases = {path for path in later if path.endswith("bias")}
        assert (
            biases == later.keys() - started.keys()
        )  # biases start at 0, so they have no ratio there
        assert all(later[path] > 0 for path in biases)
        first = [v for k, v in one["gradient_norm"]["step 0"].items() if k.startswith("0/")]
        assert max(first) <= result["gradient_first"] * 1.0001 <= sum(first) * 1.0002
        (layer,) = one["histograms"]["layers"].values()
        assert sum(layer["shares"]) == pytest.approx(1)
    (health,) = found["diagnoses"]["prelu"]["health"].values()
    assert all(len(shares) == 4 for shares in health.values())
    assert found["diagnoses"]["swiglu"]["health"] is None


@pytest.mark.thorough
def test_the_diagnosed_training_is_the_reported_one(tmp_path, monkeypatch):
    """Compare the dead units of the last replayed networks with those of the table."""
    monkeypatch.setattr("activax.cli.train.diagnosis.TIMES", 1)
    flags = ["--optimizer", "sgd", "--learning-rate", "0.3", "--out", str(tmp_path), "--diagnose"]
    assert cli.main(["train", "--activations", "relu", *SMALL, *flags]) == 0
    (result,) = untimed(tmp_path)
    found = json.loads((tmp_path / "diagnostics.json").read_text())["diagnoses"]["relu"]
    assert result["dead"] > 0
    assert found["steps"] == [0, 3]
    assert found["health"]["layer 1"]["dead"][-1] == pytest.approx(result["dead"])
    assert found["health"]["layer 1"]["dead"][0] < result["dead"]


@pytest.mark.thorough
def test_a_diverged_run_is_marked_and_is_still_json(tmp_path, capsys):
    flags = ["--learning-rate", "1e30", "--out", str(tmp_path), "--diagnose"]
    assert cli.main(["train", "--activations", "relu_squared", *SMALL, *flags]) == 0
    assert "diverged" in capsys.readouterr().out
    record, found = (
        json.loads((tmp_path / name).read_text(), parse_constant=pytest.fail)
        for name in ("results.json", "diagnostics.json")
    )
    assert None in record["results"][0]["loss"][-1]
    diagnosis = found["diagnoses"]["relu_squared"]
    assert None in diagnosis["gradient_norm"]["step 3"].values()
    assert diagnosis["health"]["layer 1"]["dormant"][-1] is None
    assert diagnosis["histograms"]["layers"]["layer 1"]["nonfinite"] > 0


@pytest.mark.thorough
def test_an_interrupted_run_keeps_what_is_finished(tmp_path, capsys, monkeypatch):
    from activax.study.digits import experiment

    def interrupted(name, settings):
        raise KeyboardInterrupt

    turns = iter([experiment.train, interrupted])
    monkeypatch.setattr(experiment, "train", lambda *arguments: next(turns)(*arguments))
    names = ["--activations", "relu", "gelu"]
    assert cli.main(["train", *names, *SMALL, "--out", str(tmp_path)]) == 130
    record = json.loads((tmp_path / "results.json").read_text())
    assert [row["activation"] for row in record["results"]] == ["relu"]
    assert record["complete"] is False
    printed = capsys.readouterr()
    assert "relu" in printed.out
    assert printed.err.startswith("relu: accuracy ")
    assert printed.err.endswith(" a step\ninterrupted\n")


def test_a_full_disk_leaves_the_old_results(tmp_path, capsys, monkeypatch):
    """Limit files to 100 bytes, so that a write fails as on a full disk."""
    from activax.study.digits import experiment

    fake = experiment.Result("relu", np.ones(2), np.ones((3, 2)), 0.1, 0.1, 1024, 0.1, 1.0, 1.0)
    monkeypatch.setattr(experiment, "train", lambda name, settings: fake)
    command = ["train", "--activations", "relu", *SMALL, "--out", str(tmp_path)]
    assert cli.main(command) == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(SystemExit) as stopped:
            cli.main(command)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert stopped.value.code == 2
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    out, err = capsys.readouterr()
    assert "File too large: " in err
    assert f"{tmp_path}/results.json" in err
    assert out.count("relu") == 2  # measured rows are shown all the same


@pytest.mark.thorough
@pytest.mark.parametrize("optimizer", ["adam", "lion", "rmsprop", "sgd"])
def test_train_takes_every_optimizer(optimizer, capsys):
    assert cli.main(["train", "--activations", "relu", *SMALL, "--optimizer", optimizer]) == 0
    assert "relu" in capsys.readouterr().out


def test_list_prints_the_catalogue(capsys):
    assert cli.main(["list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == list(activax.catalog)


def test_a_piped_list_is_a_line_an_activation_and_cuts_nothing(capsys):
    assert cli.main(["list"]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == list(activax.catalog)
    for name, family, kind, tier, year, aliases, formula in lines:
        found = activax.catalog[name]
        assert (family, kind, tier) == (found.family, found.kind, found.tier)
        assert year == str(INDEX[name].year or "")
        assert formula == " ".join(found.section("Formula").split())
        assert all(activax.get(alias) is found for alias in aliases.split(", ") if alias)


def test_a_list_on_a_terminal_is_a_table_that_cuts_nothing(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    assert cli.main(["list", "--family", "gated", "reduction,vector"]) == 0
    printed = capsys.readouterr().out
    assert "relu6" not in printed
    words = set(printed.replace("│", " ").split())
    for found in activax.catalog.values():
        if found.family in ("gated", "reduction", "vector"):
            assert {w for w in found.section("Formula").split() if len(w) < 20} <= words


def test_list_of_a_tag(capsys):
    assert cli.main(["list", "--tag", "trainable", "random", "--json"]) == 0
    found = {row["name"] for row in json.loads(capsys.readouterr().out)}
    assert found == {a.name for a in activax.catalog.values() if a.trainable and a.keys}


def test_list_of_several_facts(capsys):
    options = ["--tag", "smooth", "--tier", "certified", "--kind", "elementwise", "--since", "2016"]
    assert cli.main(["list", *options, "--json"]) == 0
    found = [row["name"] for row in json.loads(capsys.readouterr().out)]
    assert found == [*activax.find(tier="certified", kind="elementwise", smooth=2, since=2016)]
    assert "gelu" in found
    assert not {"softplus", "relu"} & {*found}


def test_show_says_what_other_libraries_call_it(capsys):
    assert cli.main(["show", "leaky_relu"]) == 0
    out = capsys.readouterr().out
    assert "torch.leaky_relu" in out
    assert "keras.leaky_relu with negative_slope = 0.2" in out
    assert cli.main(["show", "star_relu"]) == 0
    assert "torch: 0.8944 * F.relu(x).square() - 0.4472" in capsys.readouterr().out


def test_show_says_what_is_computed(capsys):
    assert cli.main(["show", "tanh"]) == 0
    out = capsys.readouterr().out
    assert "traits  monotone, bounded, odd, smooth, from -1 to 1" in out
    assert f"similar  {', '.join(activax.similar('tanh', 4))}" in out
    assert cli.main(["show", "log1mexp", "--range", "1", "2"]) == 0
    assert "traits  unknown" in capsys.readouterr().out


def test_show_tells_the_value_from_the_slope(capsys):
    assert cli.main(["show", "exponential", "--range", "2", "4"]) == 0
    assert "oo value   .. slope" in capsys.readouterr().out
    assert cli.main(["show", "tanh"]) == 0
    plot = [line for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    assert plot[-1].startswith("│ooooo")  # tanh is -1 there, where
    assert any(line.startswith("│.....") for line in plot[:-1])  # its slope is 0


def test_help_names_the_commands_and_version_the_version(capsys):
    for flag in ("--help", "--version"):
        with pytest.raises(SystemExit) as stopped:
            cli.main([flag])
        assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert all(f"\n    {command} " in printed for command in cli.COMMANDS)
    assert printed.endswith(f"\nactivax {activax.__version__}\n")


@pytest.mark.parametrize("flag", ["--activations", "--fn"])
@pytest.mark.parametrize("command", ["train", "bench"])
@pytest.mark.parametrize("words", ["relu gelu", "relu,gelu", "relu, gelu", "relu gelu,relu"])
def test_one_syntax_of_lists(command, flag, words):
    parser = cli.parser()
    given = parser.parse_args([command, flag, *words.split()]).activations
    assert [activax.get(one).name if isinstance(one, str) else one.name for one in given] == [
        "relu", "gelu",
    ]  # fmt: skip


@pytest.mark.parametrize("command", ["train", "bench"])
def test_one_vocabulary_of_dtypes(command):
    parser = cli.parser()
    for name, others in SHORT_DTYPES.items():
        for word in (name, *others):
            given = parser.parse_args([command, "--dtype", word]).dtype
            assert given == (name if command == "train" else [name])


def test_outputs_of_another_kind_are_refused_before_training(tmp_path, capsys, monkeypatch):
    from activax.study.digits import experiment

    monkeypatch.setattr(experiment, "train", pytest.fail)
    for name in ("results.json", "curves.png", "diagnostics.json", "relu-health.png"):
        other = tmp_path / name
        other.write_text("mine")
        flags = ["--out", str(tmp_path), "--diagnose"]
        with pytest.raises(SystemExit) as stopped:
            cli.main(["train", "--activations", "relu", *SMALL, *flags])
        assert stopped.value.code == 2
        assert f"{name}' holds something else" in capsys.readouterr().err
        assert other.read_text() == "mine"
        other.unlink()


@pytest.mark.thorough
def test_show_knows_every_activation(entry, capsys):
    assert cli.main(["show", entry.name]) == 0
    printed = capsys.readouterr().out
    assert entry.section("Formula").splitlines()[0] in printed
    assert entry.section("Paper").splitlines()[0] in printed


def test_show_says_what_is_drawn_of_a_gated_unit(capsys):
    assert cli.main(["show", "glu"]) == 0
    assert capsys.readouterr().out.endswith("Drawn along the gate, at value 1.\n")


def test_show_writes_a_plot(tmp_path, capsys):
    assert cli.main(["show", "hard_swish", "--png", str(tmp_path / "plot.png")]) == 0
    assert "activax.hard_silu" in capsys.readouterr().out
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("trian", "invalid choice: 'trian'"),
        ("train --activations gellu", "unknown activation 'gellu'. Did you mean 'gelu'?"),
        ("train --depth 0", "--depth: must be a positive integer; got '0'"),
        ("train --width many", "--width: must be a positive integer; got 'many'"),
        ("train --learning-rate nan", "--learning-rate: must be a positive number; got 'nan'"),
        ("train --dtype int8", "--dtype: must be of float32, bfloat16, float16; got 'int8'"),
        ("train --activations maxout", "maxout returns another number of units than a layer has"),
        ("train --activations mod_relu", "mod_relu takes complex numbers, and a layer is real"),
        ("train --activations log1mexp", "log1mexp is finite only between 0 and inf, and a layer"),
        ("train --batch 5000 --activations relu", "--batch must be at most 1347; got 5000"),
        ("train --out /dev/null", "File exists"),
        ("train --diagnose", "train: --diagnose needs a place to write to: --out DIR"),
        ("list --family none", "--family: must be of complex, elementary, "),
        ("train --activations ,", "--activations/--fn: needs at least one value; got none"),
        ("show gellu", "unknown activation 'gellu'. Did you mean 'gelu'?"),
        ("show funnel_relu", "'funnel_relu'. It is a layer: activax.nn.funnel_relu."),
        ("show gelu --range 1 0", "--range must go up and be finite; got 1.0 0.0"),
        (
            "show log1mexp --range -2 -1",
            "must meet the domain of log1mexp, 0.0 to inf",
        ),
        ("show gelu --range 0 inf", "--range must go up and be finite; got 0.0 inf"),
        ("show gelu --png x.xyz", "--png needs a name that ends in .png; got x.xyz"),
        ("train --seed 99999999999999999999", "--seed: must be an integer from 0 to 2^32 - 1"),
        ("show gelu --png /dev/null/x.png", "Not a directory"),
    ],
)
def test_bad_arguments_get_one_line_and_exit_code_2(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments.split())
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error
