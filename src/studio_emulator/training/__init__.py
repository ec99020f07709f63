"""SageMaker's training jobs: records as AWS keeps them, and the programs of those that run."""
