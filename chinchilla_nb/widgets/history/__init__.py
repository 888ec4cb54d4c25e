"""The fits of a session as rows, of which two are compared and one is restored."""
