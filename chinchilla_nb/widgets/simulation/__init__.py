"""The panel that simulates whole projects."""
