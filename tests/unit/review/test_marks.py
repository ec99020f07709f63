"""The marks of what people look at first, and what is said beside them."""

import pytest

from studioctl.presentation import review as presented
from studioctl.review.effects import NOBODY
from studioctl.review.entry import Entry
from tests.unit.review.changes import ADA, CHANGES, HEAD, Change

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
        ("larger volumes", "! CANNOT BE UNDONE:"),
        ("no idle time", "! COSTS MORE IF LEFT RUNNING:"),
        ("AWS's managed policies", "! WIDENS ACCESS:"),
        ("no versions", "! PROTECTS LESS:"),
        ("a space less", "! WILL BE LOST, INTERRUPTS:"),
        ("another range of addresses", "! WILL BE LOST, INTERRUPTS:"),
    ],
)
def test_what_is_large_or_cannot_be_taken_back_comes_first(name: str, mark: str) -> None:
    change = CHANGES[name]
    back = Change(change.after, str(change.before)).review()

    assert [presented.sign(found) for found in change.review().loud] == [mark]
    assert mark not in {presented.sign(found) for found in back.loud if name != "another range of addresses"}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_needs_apps_to_stop_is_marked_so(name: str) -> None:
    stopping = [found for found in CHANGES[name].review().entries if "--stop-apps" in found.effect]

    assert all(presented.sign(found).endswith("INTERRUPTS:") for found in stopping)


def test_a_bucket_that_people_may_no_longer_use_is_named() -> None:
    fewer, more = entry(LAKES, LAKE), entry(LAKE, LAKES)

    assert fewer.effect.startswith("buckets that people may read and write, beside the data bucket: - acme-pond")
    assert NOBODY not in fewer.effect
    assert more.effect.endswith(f"beside the data bucket: + acme-pond; {NOBODY}")


def test_logs_go_with_flow_logs() -> None:
    assert entry(FLOW_LOGS, "").weight == "lost"
    assert "the log group is deleted with the logs in it" in entry(FLOW_LOGS, "").effect


def test_a_new_domain_keeps_what_is_not_in_it() -> None:
    cidr = '[network]\ncidr = "10.9.0.0/16"\n'
    first = Change(HEAD + ADA + TOKEN, HEAD + ADA + TOKEN + cidr).review().entries[0]

    assert "the data bucket, the images and the GitHub token's secret are kept; up refuses this" in first.effect


def test_what_aws_refuses_to_bring_back_is_refused() -> None:
    (first, *_) = Change(HEAD + ADA + KEY, HEAD + ADA).review().loud

    assert "up refuses this" in first.effect


def test_a_user_who_goes_without_a_space_loses_no_files() -> None:
    eve = '\n[[users]]\nname = "eve"\nspaces = []\n'
    (gone,) = Change(HEAD + ADA + eve, HEAD + ADA).review().entries

    assert (gone.weight, gone.interrupts) == ("interrupts", True)
    assert "files" not in gone.effect
    assert "only the home directory on EFS (~/user-default-efs) is kept" in gone.effect
