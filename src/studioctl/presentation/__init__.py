"""Show results and events to a person, or as JSON."""
