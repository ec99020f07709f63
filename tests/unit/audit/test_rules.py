"""Rules are whole: an id of one form, a reason, a remedy, a price, a page."""

import re

from studioctl.audit import least_privilege, rules
from studioctl.audit.examination import checkov_remedies

ALL = (*rules.RULES, *least_privilege.RULES)


def test_ids_are_unique_and_of_one_form() -> None:
    ids = [rule.id for rule in ALL]

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"STUDIO-\d{3}|CS-[A-Z-]+", each) for each in ids)


def test_every_rule_says_why_what_to_do_what_it_costs_and_where_it_is_written() -> None:
    for rule in ALL:
        assert rule.why.endswith("."), rule.id
        assert rule.title, rule.id
        assert rule.remedy, rule.id
        assert rule.cost, rule.id
        assert rule.reference.startswith("https://"), rule.id


def test_checkovs_remedies_are_whole() -> None:
    assert all(entry.keys() == {"severity", "key", "remedy", "cost"} for entry in checkov_remedies().values())
