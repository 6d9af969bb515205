"""The check that a number of bits or levels is whole."""


def check_whole(name: str, parameter: str, value: float) -> int:
    """Return a number of bits or levels; raise TypeError if the number is not whole."""
    if value != int(value):
        raise TypeError(f"{name}: {parameter} must be a whole number; got {value}")
    return int(value)
