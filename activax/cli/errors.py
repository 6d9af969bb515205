"""Errors that the command line tells its user in one line."""


class UsageError(Exception):
    """Arguments that cannot work. Every other error is a bug, and shows its traceback."""
