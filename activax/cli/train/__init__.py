"""The command `activax train`.

Modules:
    command    The arguments, and the run of the command.
    processes  The option --distributed.
    report     The table, the record and the curves.
    diagnosis  The pictures and the numbers of --diagnose.
"""
