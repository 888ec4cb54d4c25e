"""Scaling laws, what a fit needs from each, and the allocation of compute that follows from a law."""
