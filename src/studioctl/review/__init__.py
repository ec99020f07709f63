"""A plan as a person reviews it: in the words of studio.toml, with the line that causes each change."""
