"""From runs to a law: what is minimised, from where, how, and what the answer is worth."""
