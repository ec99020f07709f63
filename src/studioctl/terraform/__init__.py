"""Making it so: documents, working directory, and the one place that runs Terraform."""
