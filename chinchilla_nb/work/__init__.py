"""Long-running work: the job, its processes, and the display of its progress."""
