"""Sentences of a report: each is a claim of the statistics, or says why there is none."""

import math
import statistics
from collections.abc import Collection

from activax.study.comparison import Comparison, fewest_seeds
from activax.study.report.summary import FEWEST_TASKS, Standing, StudySummary, TaskSummary

LISTED = 6  # names in a sentence; more are counted
LINEAR_MODEL = "identity"  # a network of this activation is a linear model
MUCH_WIDER = 3  # times what the middle one of the comparisons finds
MINUS = "\N{MINUS SIGN}"


def conclusion(summary: StudySummary) -> str:
    """Return a line for each task, on which a person can act.

    Example:
        >>> from activax.study.report.summary import StudySummary, TaskSummary
        >>> from activax.study.report.text import conclusion
        >>> unfinished = TaskSummary("fit", "test NLL", "relu", 3, (), ())
        >>> conclusion(StudySummary(0.05, (unfinished,), {}, None))
        'On fit, 3 cells are missing, so nothing is claimed.'
    """
    return "\n".join(" ".join(claims(task, summary.level)[:2]) for task in summary.tasks)


def claims(task: TaskSummary, level: float) -> list[str]:
    """Return all sentences on a task; the first two are its conclusion."""
    if task.missing:
        return [f"On {task.task}, {_counted(task.missing, 'cell')} missing, so nothing is claimed."]
    if all(standing.seeds < 2 for standing in task.standings):
        return [f"On {task.task}, one seed tells nothing: study at least 2 seeds, better 10."]
    compared = {s.activation: s.comparison for s in task.standings if s.comparison}
    found = {name: c for name, c in compared.items() if c.p < level}
    better = {name: c for name, c in found.items() if c.difference < 0}
    worse = [name for name in found if name not in better]
    open_ones = {name: c for name, c in compared.items() if c.p >= level}
    sentences = [_first(task, better, open_ones), _best(task, level)]
    if len(better) > 1:
        sentences.append(f"Better than {task.reference}: {listed(better)}.")
    if worse:
        sentences.append(f"Worse than {task.reference}: {listed(worse)}.")
    if open_ones and better:
        sentences.append(
            f"Not told apart from {task.reference}: {listed(open_ones)}. {_power(task, open_ones)}"
        )
    return [*sentences, *_cautions(task)]


def over_tasks(summary: StudySummary) -> str:
    """Return the sentence on ranks over tasks."""
    complete = sum(not task.missing for task in summary.tasks)
    if summary.friedman is None:
        return (
            f"Mean ranks over {complete} tasks claim nothing: a test over tasks needs "
            f"{FEWEST_TASKS} tasks and three activations."
        )
    verdict = "differ" if summary.friedman < summary.level else "were not told apart"
    return (
        f"Over {complete} tasks the mean ranks {verdict} "
        f"(Friedman's test, p {_relation(summary.friedman)})."
    )


def listed(names: Collection[str]) -> str:
    """Return names as a phrase, with all beyond LISTED counted."""
    shown = [*names][:LISTED]
    if len(names) > len(shown):
        left = len(names) - len(shown)
        shown.append(f"{left} other{'s' * (left > 1)}")
    return " and ".join([*filter(None, [", ".join(shown[:-1])]), *shown[-1:]])


def rounded(value: float, spread: float = math.nan) -> str:
    """Return a number, rounded to two digits of its spread, or to four digits of its own."""
    if not math.isfinite(value):
        return "-"
    if not (math.isfinite(spread) and spread > 0) or abs(value) >= 1e5:
        text = f"{value:.4g}"
    else:
        text = f"{value:.{max(0, 1 - math.floor(math.log10(spread)))}f}"
    return text.replace("-", MINUS, 1) if value < 0 else text


def with_half(value: float, half: float) -> str:
    """Return a number and half the width of its interval."""
    return f"{rounded(value, half)} ± {rounded(half, half)}" if half > 0 else rounded(value)


def p_text(p: float) -> str:
    """Return a p-value with two digits."""
    return "-" if math.isnan(p) else "< 0.001" if p < 1e-3 else f"{p:.2g}"


def half_width(comparison: Comparison) -> float:
    """Return half the width of the interval of a difference."""
    return (comparison.high - comparison.low) / 2


def _first(
    task: TaskSummary, better: dict[str, Comparison], open_ones: dict[str, Comparison]
) -> str:
    """Return the claim on the reference, or the sentence that there is none."""
    reference = next((s for s in task.standings if s.activation == task.reference), None)
    if reference is None or reference.failed == reference.seeds:
        return (
            f"On {task.task}, all networks of {task.reference} failed: "
            "nothing is compared with this reference."
        )
    compared = sum(s.comparison is not None and s.comparison.seeds > 1 for s in task.standings)
    if not compared:
        return f"On {task.task}, too few networks can be compared with {task.reference}."
    if not better:
        power = _power(task, open_ones) if open_ones else "All of them are worse."
        return (
            f"On {task.task}, no activation was found to beat {task.reference}, "
            f"of {compared} compared. {power}"
        )
    name = min(better, key=lambda name: better[name].difference)
    found = better[name]
    survived = "" if found.seeds == reference.seeds else ", of networks that did not fail"
    won = f"better in {found.wins * found.seeds:g} of {found.seeds} seeds{survived}"
    return (
        f"On {task.task}, {name} beats {task.reference} by "
        f"{with_half(-found.difference, half_width(found))} {task.score} "
        f"(p {_relation(found.p)}, {won})."
    )


def _best(task: TaskSummary, level: float) -> str:
    best = task.best
    seeds, needed = max(standing.seeds for standing in task.standings), fewest_seeds(level)
    if seeds < needed:
        return f"{seeds} seeds cannot tell which may be the best: study {needed} or more."
    if not best:
        return "None can be called the best: too few networks did not fail."
    text = f"Only {best[0]} may" if len(best) == 1 else f"{listed(best)} may each"
    linear = " These data may need no non-linearity: identity is a linear model."
    return f"{text} be the best of those confirmed.{linear * (LINEAR_MODEL in best)}"


def _power(task: TaskSummary, compared: dict[str, Comparison]) -> str:
    """Return the sentence on differences that would have been found, at a power of 0.8."""
    least = {name: comparison.detectable for name, comparison in compared.items()}
    seeds = min(comparison.seeds for comparison in compared.values())
    middle, widest = statistics.median_high(least.values()), max(least, key=least.__getitem__)
    except_for = ""
    if least[widest] > MUCH_WIDER * middle:  # the scores of one activation may spread far more
        except_for = f", of {widest} one of {least[widest]:.2g}"
    return (
        f"With {seeds} seeds, a difference of {middle:.2g} {task.score} would have been found in "
        f"8 of 10 studies{except_for}."
    )


def _cautions(task: TaskSummary) -> list[str]:
    """Return the sentences on failed networks, and on rates at an edge."""
    sentences = []
    if failed := [standing for standing in task.standings if standing.failed]:
        sentences.append(
            f"Networks failed: {listed([*map(_failure, failed)])}. "
            "All means and claims are about networks that did not fail."
        )
    if hopeless := [own for own in task.screened if own.rate is None]:
        reasons = [f"{own.activation} ({own.error or 'no finite score'})" for own in hopeless]
        sentences.append(f"All networks failed in the screen: {listed(reasons)}.")
    if edge := [standing.activation for standing in task.standings if standing.edge]:
        sentences.append(f"Best rate at an edge, so a better one may lie beyond: {listed(edge)}.")
    return sentences


def _relation(p: float) -> str:
    text = p_text(p)
    return text if text.startswith("<") else f"= {text}"


def _failure(standing: Standing) -> str:
    reason = f": {standing.error}" if standing.error else ""
    return f"{standing.activation} ({standing.failed} of {standing.seeds}{reason})"


def _counted(count: int, noun: str) -> str:
    return f"1 {noun} is" if count == 1 else f"{count} {noun}s are"
