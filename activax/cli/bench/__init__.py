"""The command `activax bench`.

Modules:
    command  The arguments, and the run of the command.
    report   Tables, files and doubts.
    memory   The suite that times nothing: bits kept, by policy.
"""
