"""Data that outlives the environment: where it is, its keys, and copies of it."""
