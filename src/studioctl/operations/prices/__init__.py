"""The prices that commands count with, below everything that counts."""
