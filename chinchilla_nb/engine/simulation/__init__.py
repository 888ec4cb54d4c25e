"""Simulations of whole projects on a known law."""
