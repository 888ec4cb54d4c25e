"""The panel of approaches 1, 2 and 3: isoFLOP slices and three frontiers side by side."""
