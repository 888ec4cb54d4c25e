"""How far a fitted law can be trusted: checks of its runs, of its bounds and of its precision, each with a remedy."""
