"""The needs of a connection, in the words of the page."""

from studioctl.operations.spaces import remote_requirements as needs
from studioctl.operations.spaces.connect import Survey
from studioctl.remote import editors, machine
from studioctl.remote.host import Host
from studioctl.target import Target
from studioctl.ui.connecting import remedy_here
from tests.fakes.studio import EDITOR


def survey(chosen: str) -> Survey:
    host = Host.of(EDITOR.name, EDITOR.arn, "acme-ml", Target("us-east-1"))
    flag = editors.flag(editors.of(chosen))
    wanted = (
        needs.remote_access(EDITOR, asked_for=True, flag=flag),
        needs.instance(EDITOR.name, "ml.t3.medium", flag=flag),
        needs.running(EDITOR, None, flag=flag),
    )
    here = tuple(machine.findings(editors.of(chosen), host, {"PATH": ""}))
    return Survey(EDITOR, None, host, None, wanted, here, "ml.t3.medium", flag)


def test_remedies_name_the_fields_of_the_page() -> None:
    found = survey("cursor")
    said = {each.id: remedy_here(each, found) for each in found.findings}
    assert said["remote-access"] == said["app"] == "Connect brings that about"
    assert said["instance-type"] == "write ml.t3.large as the instance type above, and look again"
    assert said["editor"].endswith(" or newer with its command, or choose 'only ssh' above")
    assert [remedy for remedy in said.values() if "--" in remedy or "studioctl connect" in remedy] == []


def test_other_remedies_are_as_everywhere() -> None:
    found = survey("code")
    denied = needs.remote_access(EDITOR, asked_for=False)
    assert remedy_here(denied, found) == "write remote_access = true under [studio]"
    assert remedy_here(needs.APP.ok("runs"), found) == ""
