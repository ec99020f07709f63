"""SageMaker Studio in moto's own shape: responses, models, exceptions; one file per resource."""
