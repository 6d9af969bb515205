"""Benchmarks of the catalogue over commits, for airspeed velocity (https://asv.readthedocs.io).

pip install asv virtualenv; asv run --config benchmarks/asv/asv.conf.json HEAD^!
"""
