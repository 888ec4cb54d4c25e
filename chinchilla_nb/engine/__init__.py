"""The engine: laws, objectives, the solver and allocation. Imports numpy and scipy only."""
