"""The order in which Studio lets its parts go."""
