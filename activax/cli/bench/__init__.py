"""The command `activax bench`.

Modules:
    command   The arguments, and the run of the command.
    requests  A request of the user: checked, and then measured.
    report    Tables, files and doubts.
    memory    The suite that times nothing: bits kept, by policy.
"""
