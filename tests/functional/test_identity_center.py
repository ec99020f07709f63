"""A life with IAM Identity Center: up, a user added and removed, refused changes, down."""

import json
from typing import Any

import pytest
from tests.functional.conftest import Shell

from studio_emulator import server
from studioctl.operations.provisioning.assignments import STEP

pytestmark = pytest.mark.life

HEAD = 'name = "acme-sso"\nregion = "us-east-1"\n'
SSO = '\n[access]\nauth = "sso"\n'


def user(name: str, mail: str) -> str:
    return f'\n[[users]]\nname = "{name}"\nsso_user = "{mail}"\n'


ADA, BOB = user("ada", "ada@acme.example"), user("bob", "bob@acme.example")


def people(shell: Shell, *mails: str) -> None:
    """Adds them to the directory."""
    (instance,) = shell.client("sso-admin").list_instances()["Instances"]
    for mail in mails:
        shell.client("identitystore").create_user(
            IdentityStoreId=instance["IdentityStoreId"],
            UserName=mail,
            DisplayName=mail,
            Name={"GivenName": mail, "FamilyName": "Acme"},
        )


def told(shell: Shell) -> list[tuple[str, str]]:
    """The doctor's findings about Identity Center."""
    found = json.loads(shell.studioctl("doctor", "--local", "--json", expect=None).out)["findings"]
    return [(each["id"], each["message"]) for each in found if each["id"].startswith("SSO")]


def assigned(shell: Shell, application: str) -> int:
    found = shell.client("sso-admin").list_application_assignments(ApplicationArn=application)
    return len(found["ApplicationAssignments"])


def shut_out_is_whoever_has_a_profile(shell: Shell, application: str) -> None:
    centre = shell.client("sso-admin")
    (instance,) = centre.list_instances()["Instances"]
    users = shell.client("identitystore").list_users(IdentityStoreId=instance["IdentityStoreId"])["Users"]
    (bob,) = (user["UserId"] for user in users if user["UserName"] == "bob@acme.example")
    whose = {"ApplicationArn": application, "PrincipalId": bob, "PrincipalType": "USER"}
    centre.delete_application_assignment(**whose)
    shut_out = f"'bob@acme.example' ({bob} in it) is not assigned to the domain's application"
    assert told(shell)[2:] == [("SSO003", shut_out)]
    centre.create_application_assignment(**whose)


def authentication_stays(shell: Shell) -> None:
    shell.write(HEAD + ADA.replace('sso_user = "ada@acme.example"\n', ""))
    refused = shell.studioctl("up", "--local", "--yes", expect=4)
    assert "studio.toml: access.auth: This would replace the domain." in " ".join(refused.err.split())
    assert 'write auth = "sso" again' in refused.err
    shell.write(HEAD + SSO + ADA.replace("ada@", "bob@"))
    refused = shell.studioctl("up", "--local", "--yes", expect=4)
    assert "AWS cannot give the profile of 'ada@acme.example' to 'bob@acme.example'" in " ".join(refused.err.split())


@pytest.mark.timeout(1500)
def test_a_life_with_identity_center(shell: Shell) -> None:
    shell.studioctl("emulator", "start")
    people(shell, "ada@acme.example")
    before = shell.inventory()
    shell.write(HEAD + SSO + ADA + BOB)
    unknown = shell.studioctl("up", "--local", "--yes", expect=4)
    assert (
        "IAM Identity Center in us-east-1 has no such users:\n"
        "  studio.toml:13: users[1].sso_user: 'bob@acme.example'\nNothing was changed." in unknown.err
    )
    assert shell.inventory() == before
    assert told(shell) == [
        ("SSO001", "IAM Identity Center is in us-east-1"),
        ("SSO002", "It has no user 'bob@acme.example'"),
    ]

    shell.write(HEAD + SSO + ADA)
    up = shell.studioctl("up", "--local", "--yes")
    assert "'acme-sso' is ready." in up.err
    sagemaker = shell.client("sagemaker")
    (listed,) = sagemaker.list_domains()["Domains"]
    domain = sagemaker.describe_domain(DomainId=listed["DomainId"])
    application = domain["SingleSignOnApplicationArn"]
    profile = sagemaker.describe_user_profile(DomainId=domain["DomainId"], UserProfileName="ada")
    assert (domain["AuthMode"], profile["SingleSignOnUserValue"]) == ("SSO", "ada@acme.example")
    assert assigned(shell, application) == 1
    assert "No changes" in shell.studioctl("plan", "--local").out

    opened = shell.studioctl("open", "--print", "--yes", "--local")
    assert opened.out.strip() == domain["Url"]
    assert "Sign in with IAM Identity Center, as the owner of 'ada-editor'" in opened.err

    own = shell.studioctl("iam", "user", "ada", "--local")
    assert "CreatePresignedDomainUrl" not in own.out
    assert "ada signs in to Studio by IAM Identity Center and needs no policy for it." in own.err
    everybody = ("SSO003", "whoever has a profile is assigned to the domain's application")
    assert told(shell)[1:] == [("SSO002", "1 user of the file is known to it"), everybody]
    shell.studioctl("report", "--local", "--output", "report.html")
    assert "People sign in with IAM Identity Center" in (shell.directory / "report.html").read_text()

    people(shell, "bob@acme.example")
    shell.studioctl("user", "add", "bob", "--sso-user", "bob@acme.example")
    plan = shell.studioctl("plan", "--local", "--json", expect=2)
    assert STEP in plan.out
    shell.studioctl("up", "--local", "--yes")
    assert assigned(shell, application) == 2

    shell.write(HEAD + SSO + ADA)  # bob's profile is there until the next up
    shut_out_is_whoever_has_a_profile(shell, application)
    authentication_stays(shell)
    shell.write(HEAD + SSO + ADA)
    shell.studioctl("up", "--local", "--yes", "--delete-data")
    assert assigned(shell, application) == 1
    shell.studioctl("down", "--local", "--yes", "--delete-data")
    left: Any = shell.inventory()
    assert left["domains"] == []
    with pytest.raises(shell.client("sso-admin").exceptions.ResourceNotFoundException):
        assigned(shell, application)
    server.stop(shell.directory / "emulator")
