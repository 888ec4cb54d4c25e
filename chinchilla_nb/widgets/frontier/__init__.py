"""The panel of the efficient frontier and the next run."""
