"""The command `activax theory`.

Modules:
    command    The arguments, and the run of the command.
    card       The theory of one activation as numbers.
    card_text  The card in the terminal: tables and lines.
    maps       The maps from layer to layer, and the phases.
    plot       The picture of --png.
"""
