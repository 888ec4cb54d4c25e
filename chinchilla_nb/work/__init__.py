"""Work that takes long: the job, its processes, and what is shown of its progress."""
