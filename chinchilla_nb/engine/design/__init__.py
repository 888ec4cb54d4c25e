"""Design of runs: which runs determine what is asked of a law most precisely, for their compute."""
