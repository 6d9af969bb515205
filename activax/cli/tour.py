"""Print the tour of `activax` alone: questions, and the commands that answer them."""

import activax

TOUR = (
    ("Which activations are there?", "list --tag smooth --tier certified --since 2016"),
    ("What is known of one?", "show mish"),
    ("What do all of them look like?", "atlas --out atlas.html"),
    ("How do I initialise for it, how deep can it go?", "theory mish"),
    ("What does it cost on this machine?", "bench --quick --fn relu,mish"),
    (
        "What happens while it trains, why did my units die?",
        "train --activations relu mish --diagnose --out trained",
    ),
    ("Which one for my network?", "study --quick --out study"),
    ("Is my installation right?", "doctor"),
)


def text() -> str:
    """Return the tour, with each command as it is to be pasted."""
    lines = [f"activax {activax.__version__}: {len(activax.catalog)} activation functions for JAX"]
    for question, command in TOUR:
        lines += ["", question, f"  activax {command}"]
    return "\n".join([*lines, "", "All arguments of a command: activax COMMAND --help"])
