"""Byte-level transformers on the sources of Python's standard library: the study and how to measure it again."""
