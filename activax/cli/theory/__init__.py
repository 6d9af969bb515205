"""The command `activax theory`.

Modules:
    command  The arguments, and the run of the command.
    card     The theory of one activation as numbers.
    maps     The maps from layer to layer, and the phases.
    plot     The picture of --png.
"""
