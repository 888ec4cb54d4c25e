"""Charts and their marks, drawn with bqplot."""
