"""The names that options of tuning take. Imports nothing, so that the command line can offer them at once."""

SAMPLERS = ("tpe", "random", "nsga2")
PRUNERS = ("median", "hyperband", "none")
DIRECTIONS = ("minimize", "maximize")
