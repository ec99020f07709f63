"""Hyperparameter tuning with Optuna: studies, the controller that asks and tells, and the processes that run trials.

The controller alone writes into a study. Workers run `runner.py`, which needs Python and nothing else, and talk to the
controller in lines of JSON; see docs/explanation/tuning.md for the protocol and the reasons.
"""
