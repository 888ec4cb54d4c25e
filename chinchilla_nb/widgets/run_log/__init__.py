"""The panel that records, imports and excludes runs."""
