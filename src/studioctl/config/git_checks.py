"""Rules for Git hosts, user names and repositories. Addresses of pages in a browser are not URLs of repositories."""

import re

from studioctl.config.text import quote

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = rf"{_LABEL}(\.{_LABEL})*"
GIT_HOST = rf"^{_HOST}(:[0-9]{{1,5}})?$"
# Letters, digits and hyphens; an underscore in managed accounts:
# https://docs.github.com/en/enterprise-cloud@latest/admin/managing-iam/iam-configuration-reference/username-considerations-for-external-authentication
GITHUB_USER = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$"
# GitLab allows dots, Bitbucket's tokens go with "x-token-auth" or a mail address, and Azure Repos takes anything.
# Git's credential protocol only excludes line breaks: https://git-scm.com/docs/git-credential#IOFMT
GIT_USER = r"^[^\s:]{1,255}$"
REPOSITORY_URL = (
    r"^(https://|ssh://[A-Za-z0-9._-]+@|[A-Za-z0-9._-]+@)"
    r"[A-Za-z0-9.-]+(:[0-9]+)?[:/][A-Za-z0-9._~/-]*[A-Za-z0-9]/?(#[A-Za-z0-9_][A-Za-z0-9._/+@-]*)?$"
)
# https://git-scm.com/docs/git-check-ref-format, of what the pattern above lets through
NO_BRANCH = r"\.\.|//|/\.|\.lock(/|$)|[./]$"
LARGEST_PORT = 65_535

OWNER_AND_REPOSITORY = 2
# Hosts whose repositories are always OWNER/NAME. Others have groups in groups, or none at all.
OWNER_AND_NAME = frozenset({"github.com", "bitbucket.org", "codeberg.org"})
HOSTS_WITH_OWNERS = OWNER_AND_NAME | {"gitlab.com"}
# Parts of addresses of pages about a repository, after its owner and name.
PAGES = frozenset(
    {"-", "actions", "archive", "blame", "blob", "branch", "branches", "commit", "commits", "compare", "issues"}
    | {"merge_requests", "milestones", "projects", "pull", "pull-requests", "pulls", "raw", "releases", "settings"}
    | {"src", "tags", "tree", "wiki"}
)
BRANCH_PAGES = frozenset({"tree", "blob", "blame", "branch", "commits", "src", "raw"})
# Names in the home that belong to Studio. Whatever begins with a dot belongs to some program.
TAKEN_DIRECTORIES = frozenset({"sagemaker-code-editor-server-data", "shared", "user-default-efs"})


def git_host(value: str) -> str:
    """The name of a host, with or without a port."""
    port = value.partition(":")[2]
    if not re.fullmatch(GIT_HOST, value) or len(value) > 253 or (port and not 0 < int(port) <= LARGEST_PORT):
        raise ValueError(f'{quote(value)} is not a host; write its name alone, such as "github.com"')
    return value


def git_user(value: str) -> str:
    """A user name on any Git host."""
    if not re.fullmatch(GIT_USER, value) or not value.isprintable():
        raise ValueError(f"{quote(value)} is not a user name; write the one that you sign in with")
    return value


def is_github_user(value: str) -> bool:
    """Whether github.com can have a user of this name."""
    return re.fullmatch(GITHUB_USER, value) is not None


def repository_url(value: str) -> str:
    """A URL that Git can clone and that holds no credentials, with `#branch` after it if need be.

    The value is only shown once it is known to hold no credentials.
    """
    if re.match(r"https?://[^/]*@", value) or re.match(r"[a-z+]+://[^/@]*:[^/@]*@", value):
        raise ValueError(
            "holds credentials, which are never in the file;"
            " write the URL without them and store the token in AWS Secrets Manager"
        )
    if not re.fullmatch(REPOSITORY_URL, value) or not _has_a_host(value) or "/../" in value or "/./" in value:
        raise ValueError('is not a Git URL; write "https://host/team/name.git" or "git@host:team/name.git"')
    _no_page(value)
    directory, branch = directory_of(value), value.partition("#")[2]
    if not directory:
        raise ValueError('names no repository; write "https://host/team/name.git"')
    if re.search(NO_BRANCH, branch):
        raise ValueError(f"{quote(branch)} after the # cannot be the name of a branch; write one that exists")
    if directory.startswith(".") or directory in TAKEN_DIRECTORIES:
        raise ValueError(
            f"would be cloned to ~/{directory}, which belongs to other programs; clone it in extra_script instead"
        )
    return value


def is_repository(value: str) -> bool:
    """Whether this is the URL of a repository, and nothing that is refused."""
    try:
        repository_url(value)
    except ValueError:
        return False
    return True


def _has_a_host(value: str) -> bool:
    host, port = host_of(value)
    return re.fullmatch(_HOST, host) is not None and (not port or 0 < int(port) <= LARGEST_PORT)


def _no_page(value: str) -> None:
    """Raises for the address of a page in the browser, and says what to write instead."""
    host, path = host_of(value)[0].casefold().removeprefix("www."), parts_of(value)
    if host == "raw.githubusercontent.com":
        raise ValueError(f"is the address of a file; write {_example('github.com', path[:2])}")
    if host in HOSTS_WITH_OWNERS and len([part for part in path if part != ".git"]) < OWNER_AND_REPOSITORY:
        raise ValueError(f"names an owner and no repository; write {_example(host, [*path[:1], 'NAME'])}")
    page = next((index for index, part in enumerate(path) if index >= OWNER_AND_REPOSITORY and part in PAGES), None)
    if page is None and host in OWNER_AND_NAME and len(path) > OWNER_AND_REPOSITORY:
        page = OWNER_AND_REPOSITORY
    if page is not None:
        example = _example(host, path[:page], _branch([part for part in path[page:] if part != "-"]))
        raise ValueError(f"is the address of a page, which Git cannot clone; write {example}")


def _example(host: str, path: list[str], branch: str = "") -> str:
    return quote(f"https://{host}/{'/'.join(path).removesuffix('.git')}.git{branch and f'#{branch}'}")


def _branch(page: list[str]) -> str:
    """The branch that a page shows, or none. Gitea has the word "branch" between."""
    if page[:2] == ["src", "branch"]:
        page = page[1:]
    return page[1] if len(page) > 1 and page[0] in BRANCH_PAGES else ""


def host_of(url: str) -> tuple[str, str]:
    """The host and the port of a Git URL; the port is "" if it has none."""
    if "://" in url:
        host, _, port = url.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")
        return host, port
    return url.partition("@")[2].partition(":")[0].partition("/")[0], ""


def parts_of(url: str) -> list[str]:
    """The parts of a Git URL's path, without the branch."""
    path = url.partition("#")[0]
    path = path.partition("://")[2].partition("/")[2] if "://" in path else re.split("[:/]", path, maxsplit=1)[-1]
    return [part for part in path.split("/") if part]


def is_ssh(url: str) -> bool:
    """Whether Git uses ssh for this URL, and so a key instead of a token."""
    return not url.startswith("https://")


def directory_of(url: str) -> str:
    """The directory that a repository is cloned into: the last part of its URL."""
    return re.split("[/:]", url.partition("#")[0].rstrip("/"))[-1].removesuffix(".git")
