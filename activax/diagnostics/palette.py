"""Okabe and Ito's colours, which colour-blind readers tell apart.

Their yellow is too light for a line on white, so that a darker one takes its place.
"""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B8860B", "#56B4E9", "#000000")


def colour(place: int) -> str:
    """Return the colour of the line at a place; after the last colour comes the first again.

    Example:
        >>> from activax.diagnostics.palette import colour
        >>> colour(0), colour(7)
        ('#0072B2', '#0072B2')
    """
    return COLOURS[place % len(COLOURS)]
