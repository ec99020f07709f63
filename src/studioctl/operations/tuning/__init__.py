"""Tuning in an account: with a training job for each trial, or with workers that share a study in the database."""
