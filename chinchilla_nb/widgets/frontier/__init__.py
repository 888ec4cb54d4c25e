"""The panel for the efficient frontier and the next run."""
