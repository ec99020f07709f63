"""The marks of what people look at first, and what is said beside them."""

from dataclasses import replace

import pytest

from studioctl.catalog.kinds import SCRIPT
from studioctl.config.load import parse
from studioctl.config.source import Source
from studioctl.operations.costs.change import of_plan
from studioctl.presentation import costs
from studioctl.presentation import review as presented
from studioctl.review import effects, met
from studioctl.review.entry import Entry
from studioctl.review.facts import CONTENT
from studioctl.review.now import Now
from studioctl.review.reviewing import review
from tests.unit.review.changes import ADA, CHANGES, HEAD, USERS, Change
from tests.unit.review.planned import state

LAKES = '[storage]\nextra_buckets = ["acme-lake", "acme-pond"]\n'
LAKE = '[storage]\nextra_buckets = ["acme-lake"]\n'
TOKEN = '[secrets]\ngithub = { username = "ada" }\n'
FLOW_LOGS = "[network]\nflow_logs = true\n"
KEY = "[encryption]\ncustomer_key = true\n"


def entry(before: str, after: str) -> Entry:
    (found,) = Change(HEAD + ADA + before, HEAD + ADA + after).review().entries
    return found


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("no remote access", "! TAKES AWAY:"),
        ("no NAT gateway any more", "! INTERRUPTS, TAKES AWAY:"),
        ("tags of images that stay", "! TAKES AWAY:"),
        ("no Docker", "! INTERRUPTS, TAKES AWAY:"),
        ("a role for each user", "! INTERRUPTS, TAKES AWAY:"),
        ("no GitHub token any more", "! INTERRUPTS, DELETED:"),
        ("no idle time", "! COSTS MORE IF LEFT RUNNING:"),
        ("AWS's managed policies", "! WIDENS ACCESS:"),
        ("no versions", "! PROTECTS LESS:"),
        ("a space less", "! LOST FOR GOOD, INTERRUPTS:"),
        ("another range of addresses", "! LOST FOR GOOD, INTERRUPTS:"),
    ],
)
def test_what_is_large_or_cannot_be_taken_back_comes_first(name: str, mark: str) -> None:
    change = CHANGES[name]
    back = Change(change.after, str(change.before)).review()

    assert [presented.sign(found) for found in change.review().loud] == [mark]
    assert mark not in {presented.sign(found) for found in back.loud if name != "another range of addresses"}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_needs_apps_to_stop_is_marked_so(name: str) -> None:
    entries = CHANGES[name].review().entries

    possible = [found for found in entries if effects.REFUSED not in found.effect]
    needing = [found for found in possible if "--stop-apps" in found.effect or met.OFFLINE in found.effect]
    assert needing == [found for found in possible if "INTERRUPTS" in presented.sign(found)]


def test_a_volume_that_grows_is_no_alarm() -> None:
    (found,) = CHANGES["larger volumes"].met().entries

    assert presented.sign(found) == "~"
    assert "and can never shrink again" in found.effect


def test_a_token_can_be_made_again_and_files_cannot() -> None:
    (token,) = CHANGES["no GitHub token any more"].met().loud
    (space,) = CHANGES["a space less"].met().loud

    assert (token.marks, token.copies) == (("interrupts", "deleted"), ())
    assert "a new one can be made there" in token.effect
    assert space.marks == ("lost", "interrupts")
    assert space.copies == ("Copy it first: studioctl backup s3://BUCKET --space grace-gpu",)


def test_commands_name_the_environment_that_is_meant() -> None:
    change = CHANGES["a GitHub token"]
    told = change.met().told(lambda words: words.replace("studioctl secret set", "studioctl secret set --local"))

    assert "studioctl secret set --local github" in told.loud[0].effect
    needed = presented.needed(("--stop-apps", "--delete-data"))
    assert needed == [
        "up refuses this as it stands. To do it now:",
        "  studioctl up --stop-apps --delete-data",
        "Or wait until none of the apps named below runs:",
        "  studioctl up --delete-data",
    ]
    assert presented.needed(("--delete-data",)) == [needed[0], "  studioctl up --delete-data"]


WATCHED = "[iam]\nper_user_roles = true\n"


def test_what_gpus_tell_is_told_as_a_limit_and_not_as_a_script_of_ones_own() -> None:
    before, after = HEAD + ADA + WATCHED, HEAD + ADA + WATCHED + "[limits]\nidle_gpu_minutes = 30\n"
    more = {found.subject: found for found in Change(before, after).met().entries}
    less = {found.subject: found for found in Change(after, before).met().entries}
    both = {found.subject for found in Change(before, f'{after}[editor]\ntools = ["uv"]\n').met().entries}

    assert more.keys() == less.keys() == {"limits", "limits.idle_gpu_minutes"}
    assert more["limits.idle_gpu_minutes"].effect == (
        "From its next start on, an app on an instance with a GPU tells whether it is at work, and is stopped after 30"
        " minutes in which it was not."
    )
    assert "no longer tell" in less["limits.idle_gpu_minutes"].effect
    assert both == {"limits", "limits.idle_gpu_minutes", "editor.tools"}


def test_a_script_that_studioctl_writes_differently_is_not_taken_for_a_change_of_the_file() -> None:
    change = CHANGES["more tools"]
    same = change.summary()
    told = replace(
        same,
        changes=tuple(
            replace(it, attributes=tuple(replace(a, after=a.before) if a.path == CONTENT else a for a in it.attributes))
            for it in same.changes
        ),
    )
    (found,) = review(parse(change.after.replace('["uv"]', "[]")), Source("studio.toml", HEAD + USERS), told).entries

    assert found.asked() == "editor"
    assert found.effect.startswith("The lifecycle script is written anew, with the same values of the file in it.")


def test_of_a_script_whose_forerunner_goes_alone_nothing_is_claimed() -> None:
    """As after an interrupted run: the new script is created, and the old one has an address of its own."""
    change = CHANGES["more tools"]
    summary = change.summary()
    scripts = [replace(it, action="create", attributes=()) for it in summary.changes if it.type == SCRIPT]
    old = [replace(it, address=f"{it.address}_until_1", label=f"{it.label}_until_1", action="delete") for it in scripts]
    told = replace(summary, changes=(*scripts, *old))
    (found,) = review(change.config, Source("studio.toml", change.after), told).entries

    assert (found.subject, found.effect.split(". ")[0]) == ("editor", "The lifecycle script is written anew")


def test_a_bucket_that_people_may_no_longer_use_is_named() -> None:
    fewer, more = entry(LAKES, LAKE), entry(LAKE, LAKES)

    assert (fewer.weight, fewer.effect) == (
        "takes",
        "ada can no longer use acme-pond, from their next request. Nothing in it is deleted. Apps keep running.",
    )
    assert more.weight == "widens"
    assert more.effect.startswith("ada may list, read, write and delete objects anywhere in the bucket acme-pond, as")


def test_it_is_told_who_works_now_and_what_up_does_with_each() -> None:
    (found,) = CHANGES["more tools"].met().entries

    assert presented.sign(found) == "! INTERRUPTS:"
    assert found.sentence() == "editor.tools (studio.toml:11): New: uv. It takes effect at each editor's next start."
    assert found.people == (
        (
            "Running now: ada-editor of ada and grace-gpu of grace. AWS deletes the old lifecycle script only when no"
            " app uses it: up --stop-apps stops them, and people start them again. Files are kept. Unsaved work, and"
            " anything running in them (terminals, containers, computations), is lost."
        ),
        "Not running: grace-editor of grace. It gets the change at its next start.",
    )


def test_where_nobody_works_nobody_is_interrupted() -> None:
    change = CHANGES["more tools"]
    nobody = Now(owners={"ada-editor": "ada"})
    (found,) = review(change.config, Source("studio.toml", change.after), change.summary(), nobody).entries

    assert found.weight == "changed"
    assert found.people == (
        (
            "Not running: ada-editor of ada, grace-editor of grace and grace-gpu of grace. If that changes, up needs"
            " --stop-apps."
        ),
    )


def test_an_app_of_a_space_that_goes_is_told_of_there_alone() -> None:
    fewer = '\n[[users]]\nname = "grace"\nspaces = [{ name = "grace-editor" }]\n[editor]\ntools = ["uv"]\n'
    entries = {found.subject: found for found in Change(HEAD + USERS, HEAD + ADA + fewer).met().entries}

    assert entries["space grace-gpu"].people[0].startswith("Running now: grace-gpu of grace. AWS deletes a space only")
    assert entries["editor.tools"].people[0].startswith("Running now: ada-editor of ada. AWS deletes the old life")


def test_the_internet_goes_at_once_and_without_a_flag() -> None:
    (found,) = CHANGES["no NAT gateway any more"].met().loud

    assert found.people[0] == (
        "Running now: ada-editor of ada and grace-gpu of grace: they lose the internet at once, and keep running. No"
        " flag is needed."
    )
    assert CHANGES["no NAT gateway any more"].now().flags == ()


def test_what_holds_nothing_is_not_called_lost() -> None:
    entries = {found.subject: found for found in CHANGES["a user less"].met().entries}

    assert entries["space grace-gpu"].effect == (
        "grace's space is deleted with a volume of 60 GB: every file on it is gone, and AWS keeps no copy. up deletes"
        " it only with --delete-data."
    )
    assert entries["space grace-editor"].weight == "removed"
    assert presented.sign(entries["space grace-editor"]) == "-"
    assert entries["space grace-editor"].effect == (
        "The space is deleted, and nobody loses a file: it has no volume, as its app was never started."
    )


@pytest.mark.parametrize(
    ("name", "dearer"),
    [
        ("a new user", ""),
        ("a user less", ""),
        (
            "another instance type",
            (
                "26.07 USD a month more at 8 h a working day: 37.27 -> 63.34, because of studio.instance_type"
                " (studio.toml:11)"
            ),
        ),
        (
            "a closed network without the internet",
            (
                "131.40 USD a month more with no app running: 11.20 -> 142.60, because of network.internet"
                " (studio.toml:12)"
            ),
        ),
    ],
)
def test_a_large_rise_of_the_costs_is_told_first(name: str, dearer: str) -> None:
    change = CHANGES[name]
    found = of_plan(change.config, change.summary(), lambda: state(parse(str(change.before))))

    assert costs.dearer(found, Source("studio.toml", change.after)) == dearer


def test_logs_go_with_flow_logs() -> None:
    gone = entry(FLOW_LOGS, "")
    assert gone.weight == "lost"
    assert "The log group is deleted with the logs in it" in gone.effect
    assert gone.copies == ("Copy it first: aws logs filter-log-events --log-group-name acme-ml-flow-logs > logs.json",)


def test_a_new_domain_keeps_what_is_not_in_it() -> None:
    cidr = '[network]\ncidr = "10.9.0.0/16"\n'
    first = Change(HEAD + ADA + TOKEN, HEAD + ADA + TOKEN + cidr).review().entries[0]

    assert (
        "The data bucket, the images and the secret of the GitHub token are kept. up refuses this, whatever flags it"
        in first.effect
    )


def test_what_aws_refuses_to_bring_back_is_refused() -> None:
    (first, *_) = Change(HEAD + ADA + KEY, HEAD + ADA).review().loud

    assert "up refuses this" in first.effect


def test_a_user_who_goes_without_a_space_loses_no_files() -> None:
    eve = '\n[[users]]\nname = "eve"\nspaces = []\n'
    (gone,) = Change(HEAD + ADA + eve, HEAD + ADA).review().entries

    assert gone.marks == ("interrupts",)
    assert "files" not in gone.effect
    assert "The home directory on EFS (~/user-default-efs) is kept" in gone.effect
