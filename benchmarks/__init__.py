"""Benchmarks of activax, one question a file: `python -m benchmarks.throughput`."""
