"""Finds problems of an environment. Each finding has a stable id, a reason and a remedy.

`finding` and `check` define the types, `patient` holds the facts that checks use, and `catalogue` lists every check.
Each group of checks has its own file. `examination` runs the checks in parallel.
"""
