"""The settings of a project, and how they are read, checked and saved."""
