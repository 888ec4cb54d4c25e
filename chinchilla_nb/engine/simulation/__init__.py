"""Whole projects on a law that is known."""
