"""Groups of runs, such as architectures: laws that share parameters, and how much compute one group saves another."""
