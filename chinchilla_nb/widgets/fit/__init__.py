"""The panel that fits the law and shows the result."""
