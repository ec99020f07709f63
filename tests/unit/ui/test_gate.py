"""Requests that are let in, and those that are refused: by host, origin, cookie, user and method."""

import asyncio
import re
import threading
from typing import Any

import pytest

from studioctl.remote import peers
from studioctl.ui.gate import Keys, guarded, refusal
from tests.unit.ui.house import house

NOT_LET_IN = "This browser was not let in. Run studioctl ui again: it opens the page with a new address."


def test_the_address_lets_one_browser_in_once() -> None:
    with house("ada-editor") as home:
        answer = home.client.get(f"/enter/{home.keys.token}")
        assert answer.status_code == 200
        assert answer.headers["set-cookie"] == (
            f"studioctl-8000={home.keys.session}; HttpOnly; SameSite=Strict; Path=/"
        )
        assert home.client.get("/e/acme-ml/").status_code == 200

        home.client.cookies.clear()
        again = home.client.get(f"/enter/{home.keys.token}")
        assert again.status_code == 403
        assert "worked once" in again.text
        assert home.warned == ["again"]
        assert "set-cookie" not in again.headers


def test_the_cookie_is_for_paths_that_no_other_server_knows() -> None:
    with house("ada-editor", root="/word") as home:
        answer = home.client.get(f"/enter/{home.keys.token}")
        assert answer.headers["set-cookie"].endswith("; HttpOnly; SameSite=Strict; Path=/word/")
        assert 'content="0;url=/word/"' in answer.text
        assert home.client.get("/e/acme-ml/").status_code == 200
        cookie = {"cookie": f"{home.keys.cookie}={home.keys.session}"}
        for path in ("/", "/e/acme-ml/", "/wor/e/acme-ml/", "/word", "/wordy/e/acme-ml/", f"/enter/{home.keys.token}"):
            elsewhere = home.client.get(home.keys.address + path, headers=cookie)
            assert elsewhere.status_code == 403
            assert NOT_LET_IN in elsewhere.text
    roots = {Keys(8000).root for _ in range(20)}
    assert len(roots) == 20
    assert all(re.fullmatch(r"/[\w-]{22}", root) for root in roots)


LEFT_OUT = ("/events", "/emulator", "/connect")  # without an end, or they start a process
ADDRESS = re.compile(r'(?:href|src|action|hx-\w+(?::\w+)?|content)="(?:0;url=)?(/[^"]*)"')


def test_all_addresses_of_the_page_begin_with_the_word() -> None:
    with house("ada-editor", "grace-editor", root="/word") as home:
        home.enter()
        begun = home.post("/e/acme-ml/spaces/grace-editor/start")
        assert begun.headers["location"] == "/word/e/acme-ml/"
        home.finished()
        home.desk.watch("acme-ml").now()
        seen, following = set[str](), ["/word/e/acme-ml/", "/word/jobs/1", "/word/e/acme-ml/plan"]
        while following:
            path = following.pop()
            if path in seen or not path.startswith("/word/e/acme-ml") or path.endswith(LEFT_OUT):
                continue
            seen.add(path)
            page = home.client.get(home.keys.address + path)
            assert page.status_code in {200, 404, 405, 409}, path
            found = [address.partition("?")[0] for address in ADDRESS.findall(page.text)]
            assert found or page.status_code == 405  # of what only changes something
            assert [address for address in found if not address.startswith("/word/")] == []
            following += [address for address in found if "/costs/" not in address]
        assert len(seen) > 5


def test_a_guess_does_not_use_the_address_up() -> None:
    with house("ada-editor") as home:
        assert home.client.get("/enter/guess").status_code == 403
        assert home.client.get("/enter/%C3%BC").status_code == 403
        assert home.warned == []
        home.enter()


@pytest.mark.parametrize(
    "path", ["/", "/environments", "/e/acme-ml/", "/e/acme-ml/events", "/static/1/ui.css", "/nothing"]
)
def test_nothing_is_told_without_the_cookie(path: str) -> None:
    with house("ada-editor") as home:
        answer = home.client.get(path)
        assert answer.status_code == 403
        assert NOT_LET_IN in answer.text
        assert "acme-ml" not in answer.text


@pytest.mark.parametrize("cookie", ["studioctl-8000=guess", "studioctl-9000={session}", "studioctl-8000=", "\x7f=;;"])
def test_another_cookie_is_none(cookie: str) -> None:
    with house("ada-editor") as home:
        sent = {"cookie": cookie.format(session=home.keys.session)}
        assert home.client.get("/e/acme-ml/", headers=sent).status_code == 403


@pytest.mark.parametrize(
    "cookies",
    ["flag; {ours}", "studioctl-8000=guess; {ours}", "{ours}; studioctl-8000=guess", 'other="a b"; {ours};', "{ours}"],
    ids=["one without a value", "another before", "another behind", "a quoted one", "alone"],
)
def test_cookies_of_other_servers_of_this_host_do_not_hide_ours(cookies: str) -> None:
    with house("ada-editor") as home:
        sent = {"cookie": cookies.format(ours=f"{home.keys.cookie}={home.keys.session}")}
        assert home.client.get("/e/acme-ml/", headers=sent).status_code == 200


@pytest.mark.parametrize(
    "host", ["localhost:8000", "127.0.0.1", "127.0.0.1:8001", "evil.example", "127.0.0.1:8000.evil.example"]
)
def test_one_host_is_answered(host: str) -> None:
    with house("ada-editor") as home:
        home.enter()
        answer = home.client.get("/e/acme-ml/", headers={"host": host})
        assert answer.status_code == 421
        assert "This page has one address only: the one that studioctl ui says." in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:8001"},
        {"origin": "http://localhost:8000"},
        {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "cross-site"},
        {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-site"},
    ],
)
def test_what_changes_something_comes_from_the_page(headers: dict[str, str]) -> None:
    with house("ada-editor") as home:
        home.enter()
        answer = home.client.post("/e/acme-ml/spaces/ada-editor/start", headers=headers)
        assert answer.status_code == 403
        assert "This request does not come from the page. Nothing was changed." in answer.text
        assert home.fleet.apps_ == {}
        assert home.desk.jobs.running == []


@pytest.mark.parametrize("site", ["cross-site", "same-site", "SAME-ORIGIN", "", "anything"])
@pytest.mark.parametrize("path", ["/e/acme-ml/", "/e/acme-ml/events", "/static/1/ui.css"])
def test_what_another_site_asks_for_is_not_told(path: str, site: str) -> None:
    with house("ada-editor") as home:
        home.enter()
        home.desk.stopping.set()  # a stream would end at once
        assert home.client.head(path, headers={"sec-fetch-site": site}).status_code == 403
        told = home.client.get(path, headers={"sec-fetch-site": site}).text
        assert "Another site asked for this. Type the address yourself." in told
        assert "acme-ml" not in told


@pytest.mark.parametrize("site", ["same-origin", "none", None])
def test_the_page_and_the_person_are_answered(site: str | None) -> None:
    with house("ada-editor") as home:
        headers = {"sec-fetch-site": site} if site else {}
        home.enter()
        assert home.client.get("/e/acme-ml/", headers=headers).status_code == 200


def test_the_entrance_is_led_to_from_the_terminals_own_page() -> None:
    with house("ada-editor") as home:
        led = {"sec-fetch-site": "same-site"}
        assert home.client.get(f"/enter/{home.keys.token}", headers=led).status_code == 200


def test_headers_that_decide_may_not_stand_there_twice() -> None:
    keys = Keys(8000, "/root")
    cookie = (b"cookie", f"{keys.cookie}={keys.session}".encode())
    once = [(b"host", b"127.0.0.1:8000"), cookie, (b"origin", b"http://127.0.0.1:8000")]

    def refused(*headers: tuple[bytes, bytes]) -> Any:
        return refusal(keys, {"method": "POST", "path": "/root/e/acme-ml/", "headers": list(headers)})

    assert refused(*once) is None
    assert refused(*once, (b"Host", b"evil.example")).status == 421
    assert refused(*once, (b"Origin", b"http://evil.example")).status == 421
    assert refused(*once[1:]).status == 421


@pytest.mark.parametrize("path", ["start", "stop"])
def test_nothing_is_changed_by_looking(path: str) -> None:
    with house("ada-editor") as home:
        home.enter()
        for method in ("GET", "HEAD"):
            assert home.client.request(method, f"/e/acme-ml/spaces/ada-editor/{path}").status_code == 405
        assert home.fleet.apps_ == {}


def test_another_users_program_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    users: list[int | None] = [1234, None, 0]
    monkeypatch.setattr(peers, "owner", lambda *_: users.pop(0))
    monkeypatch.setattr(peers, "is_wsl", lambda: False)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with house("ada-editor") as home:
        home.keys.tells_users = True
        for _ in range(3):
            answer = home.client.get(f"/enter/{home.keys.token}")
            assert answer.status_code == 403
            assert "This page is for another user of this machine." in answer.text
        assert not home.keys.is_used


def test_each_answer_holds_the_browser_to_this_server() -> None:
    with house("ada-editor") as home:
        pages = [home.client.get("/"), home.client.get(f"/enter/{home.keys.token}"), home.client.get("/e/acme-ml/")]
        for answer in pages:
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_no_page_has_a_script_or_a_style_in_it() -> None:
    with house("ada-editor", "grace-editor") as home:
        home.enter()
        for path in ("/e/acme-ml/", "/e/acme-ml/spaces/ada-editor/open"):
            text = home.client.get(path).text
            assert "<style" not in text
            assert " style=" not in text
            assert not re.search(r" on[a-z]+=", text)
            assert all(" src=" in script for script in text.split("<script")[1:])
            assert "http://" not in text
            assert "https://" not in text


def test_secrets_are_in_no_representation() -> None:
    keys = Keys(8000)
    assert keys.token not in repr(keys)
    assert keys.session not in repr(keys)
    assert len({Keys(8000).token for _ in range(20)}) == 20


def test_a_socket_is_not_answered() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def nothing(*_: Any) -> Any:
        raise AssertionError

    async def ask() -> None:
        await guarded(nothing, Keys(8000), lambda _: nothing)({"type": "websocket"}, nothing, send)

    asyncio.run(ask())
    assert sent == []


def test_two_browsers_at_once_are_one_too_many() -> None:
    keys, let_in = Keys(8000), []
    barrier = threading.Barrier(8)

    def come() -> None:
        barrier.wait()
        let_in.append(keys.lets_in(keys.token))

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(let_in) == [False] * 7 + [True]
