"""Byte-level transformers on the sources of Python's standard library: the study and the code that measures it."""
