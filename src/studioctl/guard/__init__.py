"""The guard over what people spend: a Lambda function in the environment's account, and what it counts with.

Nothing here needs more than Python and boto3, which Lambda has. `studioctl cost --month` counts in the same way.
"""
