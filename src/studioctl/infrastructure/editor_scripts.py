"""The lifecycle scripts of an environment: for each app the domain's, and one for each user whose editor differs."""

from dataclasses import dataclass

from studioctl.config.apps import CODE_EDITOR, App
from studioctl.config.editor import Editor
from studioctl.config.model import EnvironmentConfig
from studioctl.config.stores import GitHub
from studioctl.infrastructure.naming import Naming
from studioctl.lifecycle import script
from studioctl.lifecycle.script import Script
from studioctl.lifecycle.steps.git import Token
from studioctl.lifecycle.steps.gpu_watch import Watch


@dataclass(frozen=True)
class EditorScripts:
    """The setup scripts of editors of one kind.

    Args:
        domain: The script of [editor].
        users: The scripts that differ from it, by user name.
    """

    domain: Script
    users: dict[str, Script]

    def of(self, user: str | None) -> Script:
        """The script of a user's editors; None means the domain's."""
        return self.users.get(user or "", self.domain)


def build(config: EnvironmentConfig, app: App = CODE_EDITOR) -> EditorScripts:
    """Every script of the environment for this app.

    Raises:
        ConfigError: One outgrows what SageMaker takes.
    """
    naming = Naming.of(config)
    token = _token(config, config.secrets.github, naming.github_secret)
    domain = _script(config, app, config.editor, token, "[editor]")
    differing = {
        user.name: _script(
            config,
            app,
            config.editor_of(user),
            _token(config, user.github, naming.user_github_secret(user.name)) or token,
            f"The editor of '{user.name}'",
        )
        for user in config.users
        if user.editor is not None or user.github is not None
    }
    return EditorScripts(domain, {name: made for name, made in differing.items() if made != domain})


def _token(config: EnvironmentConfig, github: GitHub | None, secret: str) -> Token | None:
    return Token(github.host, github.username, secret, config.region) if github else None


def _script(config: EnvironmentConfig, app: App, editor: Editor, token: Token | None, whose: str) -> Script:
    watched = config.limits.idle_gpu_minutes is not None
    watch = Watch(config.region, config.bucket_in("")) if watched else None
    return script.build(editor, app=app, is_docker=config.studio.docker, token=token, watch=watch, whose=whose)
