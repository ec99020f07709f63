"""The environment's costs: before they arise, and as they are."""
