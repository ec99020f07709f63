"""Programs that run in a job's container: Python and nothing else."""
