"""What the columns of a table mean: which hold N, D, C and the loss, in which units, decided by names and values."""
