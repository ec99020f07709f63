"""Lambda functions that run, and the schedules that call them: moto stores both and does neither."""
