"""The page of ``chinchilla-nb``: its notebook, and the server that runs it in a process of its own."""
