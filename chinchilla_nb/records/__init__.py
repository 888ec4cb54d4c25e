"""Runs outside memory: the CSV file, tables from other sources, imports and queries."""
