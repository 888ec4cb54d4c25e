"""The panel of groups of runs: laws side by side, compute multipliers, and loss against compute."""
