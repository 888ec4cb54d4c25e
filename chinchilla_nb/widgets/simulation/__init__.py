"""The panel that simulates the whole procedure on a known law."""
