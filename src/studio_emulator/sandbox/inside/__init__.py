"""What runs in the room: programs of their own, copied into it, that import nothing but Python."""
