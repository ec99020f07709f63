"""The image that AWS fills in when a space or an app names none."""

from studio_emulator.facts import has_gpu

FIRST_PARTY_ACCOUNTS = {
    "us-east-1": "885854791233",
    "us-east-2": "137914896644",
    "us-west-1": "053634841547",
    "us-west-2": "542918446943",
    "ca-central-1": "481561238223",
    "eu-central-1": "545423591354",
    "eu-north-1": "175620155138",
    "eu-west-1": "819792524951",
    "eu-west-2": "021081402939",
    "eu-west-3": "856416204555",
    "ap-northeast-1": "010972774902",
    "ap-south-1": "245090515133",
    "ap-southeast-1": "022667117163",
    "ap-southeast-2": "648430277019",
    "sa-east-1": "567556641782",
}
"""AWS's own accounts by region: docs.aws.amazon.com/sagemaker/latest/dg/code-editor-use-instances.html"""

JUPYTER_SERVER_ACCOUNTS = {
    "us-east-1": "081325390199",
    "us-west-2": "236514542706",
    "eu-central-1": "936697816551",
}
"""AWS's accounts for images of Studio Classic, as far as they were seen in public configurations."""

ON_SYSTEM = frozenset({"JupyterServer", "RStudioServerPro", "RSessionGateway"})
"""Apps that run on `system` and nothing else: API reference, ResourceSpec, for JupyterServer; assumed for RStudio's."""


def default_image(region: str, partition: str, app_type: str, instance_type: str) -> str:
    """The ARN of JupyterServer's own image, or of SageMaker Distribution for CPU or, on an instance that has one, GPU.

    A region that is not in AWS's table is given us-east-1's account, which AWS does not promise.
    """
    if app_type == "JupyterServer":
        account = JUPYTER_SERVER_ACCOUNTS.get(region, JUPYTER_SERVER_ACCOUNTS["us-east-1"])
        return f"arn:{partition}:sagemaker:{region}:{account}:image/jupyter-server-3"
    account = FIRST_PARTY_ACCOUNTS.get(region, FIRST_PARTY_ACCOUNTS["us-east-1"])
    flavour = "gpu" if has_gpu(instance_type) else "cpu"
    return f"arn:{partition}:sagemaker:{region}:{account}:image/sagemaker-distribution-{flavour}"
