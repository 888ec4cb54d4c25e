"""Fitting a law to runs: the objective, the starts, the solver, and diagnostics of the result."""
