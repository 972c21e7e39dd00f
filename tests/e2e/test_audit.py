"""The audit log: every change is in it, with who, from where, what was before and after, and never a secret."""

import json
import os
import pwd
import signal
import subprocess

import huoma
from huoma import Server, link, redirect_groups, wait_for
from test_accounts import OTHER, PASSWORD, Browser, make_user


def entries(server, query=""):
    return server.api("GET", "/audit" + query).json()["data"]


def last(server, query=""):
    return entries(server, query)[0]


def test_changes_of_a_campaign_are_told_with_before_and_after(server, slug):
    server.create(slug, redirect_groups(5, 5), title="Spring")
    made = last(server)
    assert (made["who"], made["action"], made["target"]) == ("admin_token", "campaign.create", "campaign:" + slug)
    assert made["from"] == "127.0.0.1" and made["before"] is None and made["after"]["title"] == "Spring"
    server.patch(slug, {"title": "Summer"})
    changed = last(server)
    assert (changed["action"], changed["before"], changed["after"]) == \
        ("campaign.change", {"title": "Spring"}, {"title": "Summer"})
    server.patch(slug, {"limit": 9, "confirmed": 3}, group="g1")
    changed = last(server)
    assert changed["target"] == f"campaign:{slug}/g1" and changed["action"] == "group.change"
    assert changed["before"] == {"groups": {"g1": {"limit": 5, "confirmed": 0}}}
    assert changed["after"] == {"groups": {"g1": {"limit": 9, "confirmed": 3}}}
    server.api("PUT", f"/campaigns/{slug}/order", ["g2", "g1"])
    assert last(server)["before"] == {"order": ["g1", "g2"]} and last(server)["action"] == "campaign.order"
    server.api("POST", f"/campaigns/{slug}/groups", {"url": link(3)})
    assert last(server)["action"] == "group.create" and last(server)["target"] == f"campaign:{slug}/g3"
    server.api("DELETE", f"/campaigns/{slug}/groups/g3")
    assert last(server)["action"] == "group.delete" and last(server)["before"]["groups"]["g3"]["url"] == link(3)
    server.api("DELETE", f"/campaigns/{slug}")
    gone = last(server)
    assert gone["action"] == "campaign.delete" and gone["before"]["title"] == "Summer" and gone["after"] is None


def test_what_is_refused_is_not_told(server, slug):
    server.create(slug, redirect_groups(1))
    count = server.api("GET", "/audit").json()["total"]
    server.api("POST", "/campaigns", {"slug": slug, "url": link(1)}, 409)
    server.api("PATCH", f"/campaigns/{slug}", {"title": 1}, 422)
    server.api("PATCH", f"/campaigns/{slug}", {"title": "x"}, 412, If_Match='"7"')
    server.api("DELETE", f"/campaigns/{slug}", expect=412, If_Match='"7"')
    server.api("DELETE", "/users/nobody", expect=404)
    assert server.api("GET", "/audit").json()["total"] == count


def test_what_people_do_is_told_without_their_secrets(server):
    make_user(server, "olga", "owner")
    browser = Browser(server)
    browser.login("olga")
    browser.login("olga", OTHER, 401), browser.login("a-password-in-the-wrong-field", OTHER, 401)
    token = browser.ask("POST", "/tokens", {"name": "ci", "role": "viewer"}, 201).json()
    browser.ask("PATCH", "/users/olga", {"password": OTHER}, 200)
    server.api("GET", "/me", token=token["token"])
    browser.ask("DELETE", "/tokens/" + token["id"], expect=204)
    browser.ask("DELETE", "/session", expect=204)
    told = [(e["who"], e["action"], e["target"]) for e in entries(server)][:8]
    assert told == [("olga", "logout", "user:olga"), ("olga", "token.delete", "token:" + token["id"]),
                    ("olga", "user.change", "user:olga"), ("olga", "token.create", "token:" + token["id"]),
                    ("unknown", "login.failed", "user:unknown"), ("unknown", "login.failed", "user:olga"),
                    ("olga", "login", "user:olga"), ("admin_token", "user.create", "user:olga")]
    assert entries(server, "?action=user.change")[0]["after"] == {"password": "new"}
    text = json.dumps(server.redis_client().xrange("hm:audit"))
    for secret in (PASSWORD, OTHER, "argon2", token["token"], browser.cookie or "-none-", "wrong-field"):
        assert secret not in text, secret


def test_the_log_is_filtered_and_read_page_by_page(server, slug):
    server.create(slug, redirect_groups(1))
    for n in range(5):
        server.patch(slug, {"limit": n}, group="g1")
    target = f"?target=campaign:{slug}"
    all_ = entries(server, target)
    assert [e["action"] for e in all_] == ["group.change"] * 5 + ["campaign.create"]
    found, cursor = [], ""
    while cursor is not None:
        page = server.api("GET", f"/audit{target}&limit=2&cursor={cursor}").json()
        assert len(page["data"]) <= 2
        found, cursor = found + page["data"], page["next"]
    assert found == all_
    assert entries(server, f"{target}/g1") == all_[:5] and entries(server, f"{target}&action=campaign") == all_[5:]
    assert entries(server, f"{target}&who=nobody") == [] and entries(server, f"{target}&who=admin_token") == all_
    assert entries(server, f"{target}&from=2020-01-01&to=2999-01-01") == all_
    assert (entries(server, f"{target}&to=2020-01-01") == []
            and entries(server, f"{target}&from=2999-01-01T00:00:00Z") == [])
    for bad in ("?from=yesterday", "?cursor=x", "?limit=201", "?to=2026-13-01", "?who=a&who=b"):
        server.api("GET", "/audit" + bad, expect=422)


def test_a_change_by_the_command_line_is_told(server, slug):
    server.create(slug, redirect_groups(1))
    for words in (["campaign", "edit", slug, "--title", "by hand"],
                  ["token", "create", "--name", "x", "--role", "viewer"],
                  ["campaign", "delete", slug, "--yes"]):
        subprocess.run([huoma.BINARY, *words, "--data-dir", server.data_dir], check=True, capture_output=True,
                       env=server.env)
    found = entries(server)[:3]
    assert [e["action"] for e in found] == ["campaign.delete", "token.create", "campaign.change"]
    assert {e["who"] for e in found} == {"cli:" + pwd.getpwuid(os.getuid()).pw_name}
    assert found[2]["after"] == {"title": "by hand"}


def test_an_import_tells_of_each_campaign(server, slug, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"slug,title,url\n{slug}-1,One,{link(1)}\n{slug}-2,Two,{link(2)}\n")
    subprocess.run([huoma.BINARY, "import", "--from", "csv", path, "--data-dir", server.data_dir], check=True,
                   capture_output=True,
                   env=server.env)
    found = entries(server)[:2]
    assert {(e["action"], e["target"], e["after"]["title"]) for e in found} == {
        ("campaign.create", f"campaign:{slug}-1", "One"), ("campaign.create", f"campaign:{slug}-2", "Two")}
    assert {e["who"] for e in found} == {"cli:" + pwd.getpwuid(os.getuid()).pw_name}


def test_what_is_too_much_is_told_by_name(server, slug):
    server.create(slug, redirect_groups(*[5] * 400))
    assert last(server)["after"]["too_much"] is True and "groups" in last(server)["after"]["fields"]


def test_old_entries_go(server):
    with Server(workers=1, flags=["--audit-days", "1"]) as s:
        client = s.redis_client()
        for n in range(500):
            client.xadd("hm:audit", {"who": "x", "action": "a", "target": "t", "from": "", "before": "", "after": ""},
                        id=f"{1000 + n}-1")
        make_user(s, "someone", "owner")
        assert client.xlen("hm:audit") < 250, "the oldest are trimmed roughly"
        assert last(s)["action"] == "user.create"


def test_no_change_is_without_its_entry_after_a_kill(slug):
    """Each answered change has its entry, and each entry its change, when server and Redis are killed in between."""
    with Server(workers=1) as s:
        s.create(slug, redirect_groups(1))

        def change():
            for n in range(1, 100000):
                answer = yield huoma.build_request("PATCH", f"/api/v1/campaigns/{slug}", {
                    "Authorization": "Bearer " + huoma.TOKEN, "Content-Type": "application/json"},
                                                   json.dumps({"title": f"t{n}"}).encode())
                if answer.status != 200:
                    return

        storm = huoma.Visits(s.admin, iter([change()]), at_once=1, seconds=5).start()
        wait_for("some changes", lambda: storm.answers[200] > 50)
        s.redis_kill()
        s.process.send_signal(signal.SIGKILL)
        s.kill()
        storm.join(30)
        answered = storm.answers[200]
        with Server(workers=1, data_dir=s.data_dir) as again:
            version = again.show(slug)["version"]
            told = again.redis_client().xlen("hm:audit")
            assert version == told and version >= answered + 1, (version, told, answered)


def test_the_address_is_the_clients_where_the_proxy_is_trusted(slug):
    with Server(workers=1, flags=["--trusted-proxies", "127.0.0.1"]) as s:
        s.create(slug, redirect_groups(1))
        assert last(s)["from"] == "127.0.0.1"
        s.api("PATCH", f"/campaigns/{slug}", {"title": "x"}, X_Forwarded_For="203.0.113.9, 198.51.100.7")
        assert last(s)["from"] == "198.51.100.7"
        # who logs in too often from one address keeps nobody at another one waiting
        proxy = Browser(s, address="127.0.0.1")
        statuses = [proxy.ask("POST", "/session", {"name": f"u{n}", "password": OTHER},
                              X_Forwarded_For="198.51.100.7").status
                    for n in range(25)]
        assert statuses[:20] == [401] * 20 and 429 in statuses
        proxy.ask("POST", "/session", {"name": "other", "password": OTHER}, 401, X_Forwarded_For="198.51.100.8")


def test_no_address_is_believed_of_strangers(server, slug):
    server.api("POST", "/campaigns", {"slug": slug, "url": link(1)}, X_Forwarded_For="198.51.100.7")
    assert last(server)["from"] == "127.0.0.1"
