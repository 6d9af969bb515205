"""The command `activax study`.

Modules:
    command   The arguments, and what each action does.
    requests  The tasks that the arguments ask for.
    progress  The bar over cells, and the line of a cell.
"""
