"""Runs outside memory: the CSV file, tables of other people, what a filter matches."""
