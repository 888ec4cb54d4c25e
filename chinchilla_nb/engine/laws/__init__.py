"""Scaling laws, what each brings to a fit, and the allocation of compute that follows from one."""
