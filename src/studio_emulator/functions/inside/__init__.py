"""Programs that run in the room of a function. They import nothing of this package."""
