"""What the command line tells its user in one line."""


class UsageError(Exception):
    """Arguments that cannot work; anything else that goes wrong is a bug and shows its trace."""
