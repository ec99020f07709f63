"""[editor] and what differs for one user."""

from tests.environments import environment

DOMAIN = {
    "tools": ["uv==0.8.0", "poetry"],
    "conda_packages": ["conda-forge::tree=1", "ripgrep"],
    "extensions": ["a.b", "c.d@1.0"],
    "repositories": ["https://github.com/acme/models.git"],
    "keybindings": [{"key": "a", "command": "1"}, {"key": "a", "command": "1", "when": "x"}],
    "settings": {"a.b": 1, "c.d": 1},
    "git": {"user.name": "Acme", "pull.rebase": "true"},
    "strict": True,
}


def test_tables_are_merged_lists_added_and_the_users_word_is_the_last() -> None:
    user = {
        "tools": ["UV", "ruff"],
        "conda_packages": ["tree"],
        "extensions": ["C.D@2.0", "e.f"],
        "repositories": ["git@github.com:ada/models.git", "https://github.com/ada/x"],
        "keybindings": [{"key": "a", "command": "2"}],
        "settings": {"c.d": 2},
        "git": {"user.name": "Ada"},
        "environment": {"A": "1"},
        "strict": False,
    }
    config = environment(editor=DOMAIN, users=[{"name": "ada", "editor": user}, {"name": "grace", "editor": {}}])

    ada, grace = map(config.editor_of, config.users)

    assert ada.model_dump(exclude_unset=True) == {
        "tools": ("UV", "poetry", "ruff"),
        "conda_packages": ("tree", "ripgrep"),
        "extensions": ("a.b", "C.D@2.0", "e.f"),
        "repositories": ("git@github.com:ada/models.git", "https://github.com/ada/x"),
        "keybindings": ({"key": "a", "command": "2"}, {"key": "a", "command": "1", "when": "x"}),
        "settings": {"a.b": 1, "c.d": 2},
        "git": {"user.name": "Ada", "pull.rebase": "true"},
        "environment": {"A": "1"},
        "strict": False,
    }
    assert grace == config.editor
