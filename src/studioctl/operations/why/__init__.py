"""Why something is as it is: the line, the default or the layer of AWS behind a setting, and behind a permission."""
