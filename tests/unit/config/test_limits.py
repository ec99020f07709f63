"""`[limits]`: what it refuses, and what it says instead."""

import pytest
from pydantic import ValidationError

from studioctl.config.limits import days
from studioctl.config.model import EnvironmentConfig
from tests.environments import environment


@pytest.mark.parametrize(
    ("text", "found"),
    [("mon-fri", (0, 1, 2, 3, 4)), ("sat-mon", (0, 5, 6)), ("mon,wed", (0, 2)), ("mon-sun", (0, 1, 2, 3, 4, 5, 6))],
)
def test_days(text: str, found: tuple[int, ...]) -> None:
    assert days(text) == found


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"monthly_usd": 0.0}, "must be more than 0"),
        ({"warn_at": [80.0]}, "must be between 0 and 1: 0.8 is 80 %"),
        ({"schedule": {"stop": "8pm"}}, "must be a time such as 20:00"),
        ({"schedule": {"stop": "20:00", "days": "weekdays"}}, "must name days such as mon-fri"),
        ({"schedule": {"stop": "20:00", "time_zone": "Europe/Berlim"}}, 'did you mean "Europe/Berlin"?'),
        ({"max_hours_per_start": 9000.0}, "at most 720 hours"),
        ({"check_minutes": 0}, "from 1 to 60 minutes"),
        ({"idle_gpu_minutes": 5}, "from 15 to 1,440 minutes"),
    ],
)
def test_what_is_no_limit_is_refused(limits: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said.replace("?", r"\?")):
        environment(limits=limits)


def test_a_limit_for_each_user_needs_a_role_for_each() -> None:
    with pytest.raises(ValidationError, match="add per_user_roles = true under"):
        environment(limits={"monthly_usd_per_user": 50.0})
    found: EnvironmentConfig = environment(limits={"monthly_usd_per_user": 50.0}, iam={"per_user_roles": True})
    assert found.limits.are_set


def test_an_idle_gpu_is_only_seen_by_our_own_script() -> None:
    own = {"script": {"path": "setup.sh", "text": "true"}}
    with pytest.raises(ValidationError, match="needs studioctl's own script"):
        environment(limits={"idle_gpu_minutes": 30}, editor=own)
    assert environment(limits={"idle_gpu_minutes": 30}).limits.are_set


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"limits": {"warn_at": [0.5, 0.8]}}, "limits.warn_at: is about a monthly sum, and there is none"),
        ({"limits": {"warn_at": [0.5], "max_hours_per_start": 9.0}}, "limits.warn_at: is about a monthly sum"),
        ({"limits": {"check_minutes": 5}}, "limits.check_minutes: is about a guard"),
    ],
    ids=["shares", "shares beside another limit", "looks"],
)
def test_a_key_that_does_nothing_is_refused_also_where_it_says_the_default(
    section: dict[str, dict[str, object]], said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        environment(**section)
    (error,) = refused.value.errors()
    assert f"{'.'.join(map(str, error['loc']))}: {error['msg']}".startswith(said)


def test_keys_that_nobody_wrote_are_no_mistake() -> None:
    assert environment(limits={"monthly_usd": 9.0, "warn_at": [0.5], "check_minutes": 5}).limits.are_set
    assert not environment(limits={}).limits.are_set
