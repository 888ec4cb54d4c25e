"""What a project is configured with: the settings, and how they are read, checked and saved."""
