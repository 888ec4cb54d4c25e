"""What C is: how the compute of a run follows from its parameters and its tokens."""
