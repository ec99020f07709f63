"""Explain a setting or a permission: the line, the default or the layer of AWS behind it."""
