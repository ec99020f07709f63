"""Names in a file that are taken, missing or elsewhere are reported before anything is created, in the file's words."""

import pytest
from tests.functional.conftest import Shell
from tests.unit.emulator.emulated import TRUST

pytestmark = pytest.mark.terraform

TAKEN = """\
name = "taken-ml"
region = "us-east-1"
users = [{ name = "ada" }]

[encryption]
customer_key = true
"""
NOT_THERE = """\
name = "key2-ml"
region = "us-east-1"
users = [{ name = "ada" }]

[iam]
permissions_boundary = "arn:aws:iam::123456789012:policy/not-there"

[encryption]
key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
"""
ELSEWHERE = """\
name = "st-ml"
region = "us-east-1"
users = [{ name = "ada" }]

[state]
backend = "s3"
bucket = "acme-euw-state"
"""
TAKEN_BY_OTHERS = 'in this account, which is not this environment\'s; write another name: name = "taken-ml-2"'
POLICY = "arn:aws:iam::123456789012:policy/not-there"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
MISSING = "make it first, or write one that exists"
PLACE = "'acme-euw-state' is in eu-west-1, not in us-east-1"
FILES = {
    TAKEN: (
        f"studio.toml:1: name: There is a KMS alias 'alias/taken-ml' {TAKEN_BY_OTHERS}",
        f"studio.toml:1: name: There is a role 'taken-ml-execution' {TAKEN_BY_OTHERS}",
    ),
    NOT_THERE: (
        f"studio.toml:6: iam.permissions_boundary: there is no policy '{POLICY}'; {MISSING}",
        f"studio.toml:9: encryption.key: there is no key '{KEY}'; {MISSING}",
    ),
    ELSEWHERE: (f'studio.toml:7: state.bucket: {PLACE}; write region = "eu-west-1" under [state]',),
}


def test_plan_and_up_name_all_of_it_and_change_nothing(shell: Shell) -> None:
    shell.studioctl("emulator", "start")
    key = shell.client("kms").create_key()["KeyMetadata"]["KeyId"]
    shell.client("kms").create_alias(AliasName="alias/taken-ml", TargetKeyId=key)
    shell.client("iam").create_role(RoleName="taken-ml-execution", AssumeRolePolicyDocument=TRUST)
    europe = {"LocationConstraint": "eu-west-1"}
    shell.client("s3").create_bucket(Bucket="acme-euw-state", CreateBucketConfiguration=europe)
    before = shell.inventory()

    for file, told in FILES.items():
        shell.write(file)
        for words in (("plan",), ("up", "--yes")):
            done = shell.studioctl(*words, "--local", expect=3)
            for line in told:
                assert line in done.err
            assert done.err.endswith("Next:  correct the file, or what it names; then run the same command again\n")
        found = shell.studioctl("doctor", "--local", expect=1).out
        assert found.count("\u2717 NAM") == len(told), found
    assert shell.inventory() == before
