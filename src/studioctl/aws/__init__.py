"""Talking to the account: the one place that knows botocore."""
