"""Benchmarks of activax, one question a file: `python -m benchmarks.speed`.

Each file prints a table. With `--json FILE` it also writes its records; `results` holds the
committed ones, from which `python -m benchmarks.readme` writes the tables of the README and of
`docs`.
"""
