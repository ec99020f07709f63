"""How results and events look to a person, and as JSON."""
