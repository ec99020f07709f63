"""Mistakes that the tests must notice."""
