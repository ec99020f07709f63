"""One space and its editor: start, stop, open, connect."""
