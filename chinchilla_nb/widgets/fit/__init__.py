"""The panel that fits the law and shows it."""
