"""What stands in the way of an environment: findings with stable ids, each with its reason and its remedy.

`finding` and `check` say what there is, `patient` what is looked at, `catalogue` lists every check, one file for each
group makes them, and `examination` runs them side by side.
"""
