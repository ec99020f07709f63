"""Stand-ins for what tests do without: named, with the verbs of what they stand for."""
