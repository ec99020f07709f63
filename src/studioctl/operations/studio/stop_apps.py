"""Stops apps that block a change. Their files stay on the space's volume."""

from collections.abc import Iterable

from studioctl.aws.errors import DeniedError, InUseError, MissingError
from studioctl.aws.studio import Studio
from studioctl.aws.values import App
from studioctl.aws.wait import until
from studioctl.events import Work

TIMEOUT = 1500.0  # seconds; deleting an app is reported to take up to 20 minutes
OVER = {"Deleted", "Failed"}  # a failed app has no instance, and AWS refuses to delete it
PAID_FOR = {"InService", "Pending", "Deleting"}  # it has an instance, from its creation until it is deleted


def besides(apps: Iterable[App], editors: Iterable[App]) -> tuple[App, ...]:
    """The apps that are paid for and not among the editors."""
    known = {app.key for app in editors}
    return tuple(app for app in apps if app.status in PAID_FOR and app.key not in known)


def stop_apps(studio: Studio, domain_id: str, apps: Iterable[App], *, wait: bool = True) -> Work[None]:
    """Stops these apps side by side, and waits until each is gone, or with `wait` off until AWS has accepted it.

    Raises:
        AwsError: AWS refused. What the caller may not stop keeps no other app from being stopped first.
    """
    waiting = [app for app in apps if app.status not in OVER]
    stoppers = {app.key: _Stopper(studio, domain_id, app) for app in waiting}
    denied: list[DeniedError] = []
    accepted = []
    for app in waiting:
        try:
            stoppers[app.key].is_gone()
        except DeniedError as error:
            denied.append(error)
        else:
            accepted.append(app)
    for app in accepted:
        done = stoppers[app.key].is_gone if wait else stoppers[app.key].is_going
        yield from until(done, subject=app.title, action="stop" if wait else "ask to stop", timeout=TIMEOUT)
    if denied:
        raise denied[0]


class _Stopper:
    """Asks AWS to stop an app once it can: an app that is still starting cannot be deleted."""

    def __init__(self, studio: Studio, domain_id: str, app: App) -> None:
        self._studio = studio
        self._domain_id = domain_id
        self._app = app

    def is_going(self) -> bool:
        """Whether AWS has accepted it."""
        return self._ask() in {"Deleting", None} | OVER

    def is_gone(self) -> bool:
        return self._ask() in {None} | OVER

    def _ask(self) -> str | None:
        status = self._studio.app_status(self._domain_id, self._app)
        if status == "InService":
            try:
                self._studio.delete_app(self._domain_id, self._app)
            except MissingError:
                return None
            except InUseError:  # unless somebody else stopped it at the same moment
                status = self._studio.app_status(self._domain_id, self._app)
                if status == "InService":
                    raise
                return status
            return "Deleting"
        return status
