"""The configuration panel."""
