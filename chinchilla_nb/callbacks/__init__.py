"""Callbacks of training frameworks that append a run to a project when its training ends.

`chinchilla_nb.callbacks.huggingface` and `chinchilla_nb.callbacks.lightning` each have a `RunLogCallback`; each needs
its framework, which this package does not install by itself.
"""
