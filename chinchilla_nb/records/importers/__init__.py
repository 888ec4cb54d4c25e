"""Runs from experiment trackers and training frameworks, each as a table with one row for each run."""
