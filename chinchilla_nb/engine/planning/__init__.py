"""Which run to train next: seeds, compute-optimal runs, the models that exist, and runs off the frontier."""
