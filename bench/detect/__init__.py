"""Benchmark of code detection; run with `python -m bench.detect`."""
