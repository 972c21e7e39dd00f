"""Alerts: what is told, to whom and in which form, once; what happens when the other side, the store or the server
fails; and where nothing may be sent. The clock of alerts is the tests' own (HUOMA_TEST_CLOCK names a file that says
what time it is)."""

import base64
import datetime
import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.parse

import jsonschema
import pytest

import huoma
from alert_stub import MailStub, Stub
from huoma import RedisServer, Server, Visitor, page_groups, redirect_groups, wait_for
from test_events import Listener

HOUR, DAY = 3600, 86400
KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
PRIVATE = ["--alert-private-hosts", "127.0.0.0/8"]
ADMIN = ["--admin-url", "https://admin.example.com"]


class Clock:
    """Stands still unless it is told to go on."""

    def __init__(self, folder):
        self.path, self.at = folder / "clock", int(time.time())
        self.forward(0)

    def forward(self, seconds):
        self.at += seconds
        new = self.path.with_suffix(".new")
        new.write_text(str(self.at))
        new.rename(self.path)

    def now(self):
        return self.at

    def after(self, seconds):
        """A date so long after the clock's now."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.at + seconds))


@pytest.fixture(scope="module")
def stub():
    s = Stub()
    yield s
    s.close()


@pytest.fixture(scope="module")
def clock(tmp_path_factory):
    return Clock(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module")
def alerting(clock):
    with Server(workers=1, flags=[*PRIVATE, *ADMIN], env={"HUOMA_TEST_CLOCK": str(clock.path)}, name="alerting") as s:
        yield s


@pytest.fixture
def hook(alerting, stub, slug):
    """A webhook of this test's own, and where it leads."""
    made = destination(alerting, kind="webhook", name=slug, url=stub.url("/" + slug), secret=SECRET, language="en")
    yield "/" + slug
    alerting.api("DELETE", f"/alerts/destinations/{made['id']}", expect="any")


def destination(server, expect=201, **fields):
    return server.api("POST", "/alerts/destinations", fields, expect).json()


def alerts(server, slug, state=""):
    found = server.api("GET", f"/alerts?limit=200{state and '&state=' + state}").json()["data"]
    return [a for a in found if a["campaign"] == slug]


def told(stub, path, slug, count=1):
    """The messages about a campaign, when there are so many."""
    def are_there():
        found = [g.body for g in stub.to(path) if g.body["data"].get("campaign") == slug]
        return found if len(found) >= count else None
    found = wait_for(f"{count} messages about {slug}", are_there)
    assert len(found) == count, found
    return found


def settled(server, seconds=0.3):
    """Long enough for some beats: what was not sent by then is not sent."""
    time.sleep(seconds)


def fill(server, slug, seats):
    for _ in range(seats):
        assert Visitor(server, slug).scan().status == 302


def test_nearly_full_is_told_once_again_when_worse_and_when_over(alerting, stub, hook, slug, clock):
    alerting.create(slug, redirect_groups(50), title="春跑 & <b>")
    fill(alerting, slug, 45)
    first, = told(stub, hook, slug)
    assert first["type"] == "alert.raised" and first["data"]["kind"] == "nearly_full" and first["data"]["level"] == 1
    assert first["data"]["subject"] == "春跑 & <b>: nearly full, 5 seats left"
    assert first["data"]["link"] == f"https://admin.example.com/#/c/{slug}"
    settled(alerting)
    fill(alerting, slug, 4)
    second = told(stub, hook, slug, 2)[1]
    assert (second["type"] == "alert.worse" and second["data"]["level"] == 2
            and second["data"]["id"] == first["data"]["id"])
    alerting.patch(slug, {"limit": 500}, group="g1")
    third = told(stub, hook, slug, 3)[2]
    assert third["type"] == "alert.over" and "Over: " in third["data"]["subject"]
    settled(alerting)
    told(stub, hook, slug, 3)
    a, = alerts(alerting, slug)
    assert a["state"] == "over" and a["over_at"] and a["text"]["zh"].startswith("春跑 & <b>：名额快满了")
    assert alerts(alerting, slug, "open") == []


def test_a_webhook_is_signed_as_standard_webhooks_are(alerting, stub, hook, slug):
    alerting.create(slug, redirect_groups(2))
    fill(alerting, slug, 2)
    told(stub, hook, slug)
    got = next(g for g in stub.got if g.path == hook)
    headers = {k.lower(): v for k, v in got.headers.items()}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + got.body
    mac = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == "v1," + mac
    body = json.loads(got.body)
    assert (body["type"] == "alert.raised" and body["data"]["kind"] == "no_group"
            and headers["content-type"] == "application/json")


def test_an_expiry_is_told_in_steps_with_a_link_for_the_owner(alerting, stub, hook, slug, clock):
    alerting.create(slug,
                    [{"url": huoma.wechat(1), "limit": 9, "expires_at": clock.after(7 * DAY), "name": "Group one"}],
                    title="Run")
    settled(alerting)
    assert alerts(alerting, slug) == []
    clock.forward(4 * DAY + 60)
    first, = told(stub, hook, slug)
    assert first["data"]["kind"] == "expiring" and first["data"]["group"] == "g1" and first["data"]["level"] == 1
    assert first["data"]["subject"].startswith("Run: the code of Group one expires ")
    owner = first["data"]["owner_link"]
    assert owner.startswith("https://admin.example.com/#owner=") and owner in first["data"]["text"]
    token = {"Authorization": "Owner " + owner.split("#owner=")[1]}
    assert alerting.api("GET", "/owner", token=None, **token).json()["group"]["id"] == "g1"
    clock.forward(2 * DAY)
    second = told(stub, hook, slug, 2)[1]
    assert second["type"] == "alert.worse" and second["data"]["level"] == 2 and second["data"]["owner_link"] == owner
    alerting.api("PATCH", "/owner", {"url": huoma.wechat(2), "expires_at": clock.after(7 * DAY)}, token=None, **token)
    assert told(stub, hook, slug, 3)[2]["type"] == "alert.over"
    made = [e
            for e in alerting.api("GET", "/audit?action=owner-link.create&limit=200").json()["data"]
            if e["target"] == f"campaign:{slug}/g1"]
    assert [e["who"] for e in made] == ["alerts"]


def test_a_suspect_group_and_the_event_of_it(alerting, stub, hook, slug):
    alerting.create(slug, page_groups(50, 50), title="Run")
    with Listener(alerting, "?campaigns=" + slug) as l:
        l.seats()
        for _ in range(3):
            v = Visitor(alerting, slug)
            v.scan(), v.next()
        while (event := l.event("alert")[1])["campaign"] != slug:
            pass
        assert event["kind"] == "suspect" and event["group"] == "g1" and event["state"] == "open"
    assert told(stub, hook, slug)[0]["data"]["subject"] == "Run: visitors can't get into Group 1"


def test_supply_and_a_burst_against_the_usual_rate(alerting, stub, hook, slug, clock):
    alerting.create(slug, redirect_groups(1000))
    alerting.api("PATCH", f"/alerts/settings/{slug}", {"burst_seats": 20, "full_percent": 0})
    client = alerting.redis_client()
    settled(alerting)
    for _ in range(9):  # over an hour, a seat each ten minutes
        fill(alerting, slug, 1)
        clock.forward(600)
        settled(alerting, 0.15)
    assert alerts(alerting, slug) == []
    fill(alerting, slug, 25)
    burst = told(stub, hook, slug)[0]["data"]
    assert burst["kind"] == "burst" and burst["seats"] >= 20
    client.hincrby(f"hm:{{{slug}}}:seats", "u:g1", 940)  # as if they had been taken
    clock.forward(150)  # until the next forecast
    wait_for("supply", lambda: {a["kind"] for a in alerts(alerting, slug)} == {"burst", "runs_out"})


def listed_hours(server, slug):
    """Until it is full, as the list of campaigns has it."""
    listed, = wait_for("a forecast", lambda: server.api("GET", f"/campaigns?q={slug}").json()["forecasts"])
    assert listed["slug"] == slug and listed["why"] is None
    full_at, at = (datetime.datetime.fromisoformat(listed[key]) for key in ("full_at", "at"))
    return (full_at - at).total_seconds() / HOUR


def test_supply_is_told_by_the_forecast_before_the_seats_go(alerting, hook, slug, stub, clock):
    alerting.create(slug, redirect_groups(400))
    client = alerting.redis_client()
    for back in range(1, 72):
        then = time.localtime(clock.now() - back * HOUR)
        client.hset(f"hm:{{{slug}}}:stats:" + time.strftime("%Y-%m-%d", then), time.strftime("d%H:g1", then), 100)
    clock.forward(60)  # what was made of the time before it had a history is old by then
    first, = told(stub, hook, slug)
    assert first["data"]["kind"] == "runs_out" and first["data"]["level"] == 1 and first["data"]["seats"] == 400
    assert 3 < listed_hours(alerting, slug) <= 6  # how late it is in the hour counts
    alerting.patch(slug, {"limit": 5000}, group="g1")
    assert told(stub, hook, slug, 2)[1]["type"] == "alert.over"
    assert listed_hours(alerting, slug) > 40


ROBOTS = {
    "wecom": lambda b: b["msgtype"] == "text" and b["text"]["content"],
    "dingtalk": lambda b: b["msgtype"] == "text" and b["text"]["content"],
    "feishu": lambda b: b["msg_type"] == "text" and b["content"]["text"],
    "slack": lambda b: b["text"],
    "discord": lambda b: b["allowed_mentions"] == {"parse": []} and b["content"],
    "telegram": lambda b: b["chat_id"] == "-100" and b["text"],
}


@pytest.mark.parametrize("kind", ROBOTS)
def test_each_robot_gets_what_it_understands(alerting, stub, slug, kind):
    path = f"/{kind}"
    fields = {"telegram": {"url": stub.url(""), "secret": "12:AB", "chat": "-100"},
              "dingtalk": {"url": stub.url(path + "?t=1"), "secret": "SECx"},
              "feishu": {"url": stub.url(path), "secret": "SECx"}}.get(kind, {"url": stub.url(path)})
    made = destination(alerting, kind=kind, name=kind, **fields)
    said = alerting.api("POST", f"/alerts/destinations/{made['id']}/test").json()
    assert said["delivered"] and said["status"] == 200 and "errcode" in said["detail"]
    got = stub.to("/bot12:AB/sendMessage" if kind == "telegram" else path)[-1]
    assert ROBOTS[kind](got.body).startswith("这是一条测试消息\n")
    if kind == "dingtalk":
        query = urllib.parse.parse_qs(got.path.split("?")[1])
        mac = hmac.new(b"SECx", f"{query['timestamp'][0]}\nSECx".encode(), hashlib.sha256).digest()
        assert query["sign"] == [base64.b64encode(mac).decode()] and query["t"] == ["1"]
    if kind == "feishu":
        mac = hmac.new(f"{got.body['timestamp']}\nSECx".encode(), b"", hashlib.sha256).digest()
        assert got.body["sign"] == base64.b64encode(mac).decode()
    alerting.api("DELETE", f"/alerts/destinations/{made['id']}", expect=204)


def test_mail(alerting, slug):
    mail = MailStub()
    made = destination(alerting, kind="mail", name="Post", host="127.0.0.1", port=mail.port, security="none", user="u",
                       secret="pass-word",
                       **{"from": "huoma@example.com", "to": "a@example.com, b@example.org"})
    said = alerting.api("POST", f"/alerts/destinations/{made['id']}/test").json()
    assert said["delivered"], said
    sender, to, message, login = mail.mails[0]
    assert (sender.startswith("MAIL FROM:<huoma@example.com>")
            and to == ["RCPT TO:<a@example.com>", "RCPT TO:<b@example.org>"])
    assert message["Subject"] == "这是一条测试消息" and message["To"] == "a@example.com, b@example.org"
    assert (message.get_content().startswith("这是一条测试消息\n收到它")
            and base64.b64decode(login.split()[-1]) == b"\0u\0pass-word")
    mail.refuse = "550 no such mailbox"
    said = alerting.api("POST", f"/alerts/destinations/{made['id']}/test").json()
    assert not said["delivered"] and said["permanent"] and said["status"] == 550 and "no such mailbox" in said["detail"]
    # which it can't: nothing goes in the clear
    alerting.api("PATCH", f"/alerts/destinations/{made['id']}", {"security": "starttls"})
    said = alerting.api("POST", f"/alerts/destinations/{made['id']}/test").json()
    assert not said["delivered"] and len(mail.mails) == 1
    alerting.api("DELETE", f"/alerts/destinations/{made['id']}", expect=204)
    mail.close()


def test_what_fails_is_sent_again_under_the_same_id_and_later_and_later(alerting, stub, hook, slug, clock):
    stub.answers[hook] = [(500, "down", {}), (503, "", {}), (429, "", {"Retry-After": "120"}), (200, "ok", {})]
    alerting.create(slug, redirect_groups(1))
    fill(alerting, slug, 1)
    tries = 1
    for early, due in ((9, 1), (29, 1), (119, 1)):  # backoff of 10 and 30 s, then what the other side asks for
        wait_for(f"try {tries}", lambda: len(stub.to(hook)) == tries)
        settled(alerting)
        clock.forward(early)
        settled(alerting)
        assert len(stub.to(hook)) == tries
        clock.forward(due)
        tries += 1
    wait_for("the last try", lambda: len(stub.to(hook)) == tries)
    ids = {g.headers["webhook-id"] for g in stub.to(hook)}
    assert len(ids) == 1
    def last():
        me = next(d for d in alerting.api("GET", "/alerts/destinations").json()["data"] if d["name"] == slug)
        return me["last"]
    wait_for("its state", lambda: last()["delivered"] and last()["status"] == 200)


def test_a_permanent_error_is_told_and_not_tried_again(alerting, stub, hook, slug, clock):
    stub.answers[hook] = [(410, "gone \x1b[31m<script>", {})]
    alerting.create(slug, redirect_groups(1))
    fill(alerting, slug, 1)
    def last():
        me = next(d for d in alerting.api("GET", "/alerts/destinations").json()["data"] if d["name"] == slug)
        return me["last"]
    assert wait_for("the state", last) == {**last(), "delivered": False, "status": 410, "detail": "gone ?[31m<script>"}
    clock.forward(2 * DAY)
    settled(alerting)
    assert len(stub.to(hook)) == 1


def test_quiet_hours_hold_back_what_is_not_urgent(alerting, stub, slug, clock):
    def at(seconds):
        return time.strftime("%H:%M", time.gmtime(clock.now() + seconds))
    quiet = destination(alerting, kind="webhook", name=slug, url=stub.url("/" + slug), secret=SECRET, timezone="UTC",
                        quiet={"from": at(-HOUR), "to": at(2 * HOUR)})
    alerting.create(slug, redirect_groups(20))
    fill(alerting, slug, 19)
    wait_for("the alert", lambda: alerts(alerting, slug, "open"))
    settled(alerting)
    assert stub.to("/" + slug) == []
    fill(alerting, slug, 1)
    assert told(stub, "/" + slug, slug)[0]["data"]["kind"] == "no_group"
    clock.forward(2 * HOUR)
    assert told(stub, "/" + slug, slug, 2)[1]["data"]["kind"] == "nearly_full"
    alerting.api("DELETE", f"/alerts/destinations/{quiet['id']}", expect=204)


def test_secrets_never_come_back(alerting, stub, slug):
    secrets = ("whsec_" + base64.b64encode(b"s3cr3t-key-that-is-long-enough-x").decode(), "url-secret-4711")
    made = destination(alerting, kind="webhook", name=slug, url=stub.url("/x?key=" + secrets[1]), secret=secrets[0])
    path = f"/alerts/destinations/{made['id']}"
    alerting.api("PATCH", path, {"name": slug + "2", "secret": secrets[0], "url": stub.url("/y?key=" + secrets[1])})
    alerting.api("POST", path + "/test")
    seen = json.dumps(made) + alerting.api("GET", path).text + alerting.api("GET", "/alerts/destinations").text
    seen += alerting.api("GET", "/audit?limit=200").text + alerting.log()
    assert made["has_secret"] and made["url"] == stub.url("/***")
    for secret in secrets:
        assert secret not in seen
    actions = [e["action"] for e in alerting.api("GET", f"/audit?target=alert-destination:{made['id']}").json()["data"]]
    assert actions == ["alert-destination.change", "alert-destination.create"]
    alerting.api("DELETE", path, expect=204)
    alerting.api("GET", path, expect=404)


def test_the_command_line_adds_a_destination_tries_it_and_lists(alerting, stub, slug, tmp_path):
    def run(*args, expect=0):
        out = subprocess.run([huoma.BINARY, "alert", *args, "--redis-url", alerting.ready["redis"], *PRIVATE],
                             capture_output=True, text=True,
                             timeout=60, check=False)
        assert out.returncode == expect, out
        return out.stdout + out.stderr * (expect != 0)
    (tmp_path / "secret").write_text("SECx\n")
    id_ = run("destination", "add", "dingtalk", "--name", slug, "--url", stub.url("/" + slug), "--secret-file",
              str(tmp_path / "secret"),
              "--language", "en", "--quiet", "22:00-08:00").strip()
    assert alerting.api("GET", f"/alerts/destinations/{id_}").json()["quiet"] == {"from": "22:00", "to": "08:00"}
    assert slug in run("destination", "list") and "SECx" not in run("destination", "list", "--json")
    assert run("destination", "test", id_).startswith("Delivered: 200 ")
    assert stub.to("/" + slug)[0].body["text"]["content"].startswith("This is a test message")
    stub.answers["/" + slug] = [(200, '{"errcode":310000,"errmsg":"sign not match"}', {})]
    assert "sign not match" in run("destination", "test", id_, expect=1)
    assert "huoma: url: must begin with https://" in run("destination", "add", "slack", "--name", "x", "--url",
                                                         "ftp://x", expect=1)
    run("destination", "delete", id_)
    alerting.create(slug, redirect_groups(20), title=slug)
    fill(alerting, slug, 19)
    wait_for("the alert", lambda: alerts(alerting, slug, "open"))
    alerting.patch(slug, {"limit": 500}, group="g1")
    wait_for("its end", lambda: alerts(alerting, slug, "over"))
    line, = (l for l in run("list").splitlines() if slug in l)
    assert "over" in line and json.loads(run("list", "--json"))["total"] > 0


def test_answers_that_lead_elsewhere_or_never_end(alerting, stub, slug):
    made = destination(alerting, kind="slack", name=slug, url=stub.url("/" + slug))
    path = f"/alerts/destinations/{made['id']}/test"
    stub.answers["/" + slug] = [(302, "", {"Location": stub.url("/elsewhere")}), (200, b"x" * 10_000_000, {}),
                                (200, "ok", {})]
    said = alerting.api("POST", path).json()
    assert said["status"] == 302 and not said["delivered"] and stub.to("/elsewhere") == []
    said = alerting.api("POST", path).json()
    assert len(said["detail"]) <= 512
    assert alerting.api("POST", path).json()["delivered"]
    alerting.api("DELETE", f"/alerts/destinations/{made['id']}", expect=204)


def test_who_leaves_before_the_other_side_answers_harms_nobody(alerting, stub, slug):
    made = destination(alerting, kind="slack", name=slug, url=stub.url("/" + slug))
    path = f"/api/v1/alerts/destinations/{made['id']}/test"
    gate = stub.gates["/" + slug] = threading.Event()
    with huoma.Connection(alerting.admin) as c:
        c.send(huoma.build_request("POST", path, {"Authorization": "Bearer " + huoma.TOKEN}, b""))
        wait_for("the message", lambda: stub.to("/" + slug))
        c.reset()
    settled(alerting, 0.1)
    gate.set()
    assert alerting.api("POST", path.removeprefix("/api/v1")).json()["delivered"]
    alerting.api("DELETE", f"/alerts/destinations/{made['id']}", expect=204)


def test_a_certificate_that_nobody_vouches_for_is_refused(alerting, slug, tmp_path):
    pair = [str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1", "-out", pair[0], "-keyout", pair[1]],
                   check=True, capture_output=True)
    tls = Stub(pair)
    made = destination(alerting, kind="slack", name=slug, url=f"https://127.0.0.1:{tls.port}/x")
    said = alerting.api("POST", f"/alerts/destinations/{made['id']}/test").json()
    assert not said["delivered"] and said["permanent"] and "certificate" in said["detail"] and tls.got == []
    alerting.api("DELETE", f"/alerts/destinations/{made['id']}", expect=204)
    tls.close()


def test_settings_are_checked_and_a_campaign_may_have_its_own(alerting, slug):
    for wrong, field in (({"full_percent": 101}, "full_percent"), ({"expiry_days": [1, 3]}, "expiry_days"),
                         ({"nope": 1}, "nope"),
                         ({"store_seconds": 5}, "store_seconds"), ({"enabled": 1}, "enabled")):
        errors = alerting.api("PATCH", "/alerts/settings", wrong, 422).json()["errors"]
        assert [e["field"] for e in errors] == [field]
    before = alerting.api("GET", "/alerts/settings").json()
    assert before["full_percent"] == 90 and before["expiry_days"] == [3, 1]
    alerting.api("PATCH", "/alerts/settings", {"seats_left": 7})
    alerting.create(slug, redirect_groups(5))
    alerting.api("PATCH", f"/alerts/settings/{slug}", {"store_seconds": 60}, 422)
    alerting.api("PATCH", f"/alerts/settings/{slug}-none", {}, 404)
    own = alerting.api("PATCH", f"/alerts/settings/{slug}", {"full_percent": 50}).json()
    assert own["full_percent"] == 50 and own["own"] == ["full_percent"]
    wait_for("the change", lambda: alerting.api("GET", f"/alerts/settings/{slug}").json()["seats_left"] == 7)
    assert alerting.api("PATCH", f"/alerts/settings/{slug}", {"full_percent": None}).json()["own"] == []
    alerting.api("DELETE", f"/alerts/settings/{slug}", expect=204)
    alerting.api("PATCH", "/alerts/settings", {"seats_left": None})
    alerting.api("PATCH", f"/alerts/settings/{slug}", {"full_percent": 50})
    settled(alerting)
    alerting.api("DELETE", f"/campaigns/{slug}", expect=204)
    wait_for("its settings to go", lambda: not alerting.redis_client().hexists("hm:{~alerts}:settings", slug))


def test_alerts_that_are_turned_off_end_without_a_word(alerting, stub, hook, slug):
    alerting.create(slug, redirect_groups(1))
    fill(alerting, slug, 1)
    told(stub, hook, slug)
    alerting.api("PATCH", f"/alerts/settings/{slug}", {"enabled": False})
    wait_for("its end", lambda: alerts(alerting, slug, "over"))
    settled(alerting)
    told(stub, hook, slug, 1)


def test_a_viewer_sees_alerts_and_no_addresses(alerting):
    token = alerting.api("POST", "/tokens", {"name": "v", "role": "viewer"}, 201).json()["token"]
    assert alerting.api("GET", "/alerts", token=token).json()["total"] > 0
    alerting.api("GET", "/alerts/destinations", expect=403, token=token)
    page = alerting.api("GET", "/alerts?limit=2").json()
    second = alerting.api("GET", f"/alerts?limit=2&cursor={page['next']}").json()
    ids = [int(a["id"]) for a in page["data"] + second["data"]]
    assert ids == sorted(ids, reverse=True) and len(set(ids)) == 4
    metrics = huoma.once(alerting.admin, "GET", "/metrics").text
    assert re.search(r'huoma_alert_messages_total\{result="sent"\} [1-9]', metrics) and "huoma_alerts_open " in metrics
    described = alerting.api("GET", "/openapi.json").json()["components"]
    jsonschema.Draft202012Validator({"$ref": "#/components/schemas/AlertPage", "components": described}).validate(page)


def test_a_store_that_does_not_answer_is_told_past_the_store(alerting, stub, hook, slug, clock):
    alerting.api("PATCH", "/alerts/settings", {"store_seconds": 10})
    settled(alerting)
    redis = alerting.redis_pid()
    os.kill(redis, signal.SIGSTOP)
    try:
        wait_for("a failed question", lambda: alerting.api("GET", "/campaigns?limit=1", expect="any").status == 503)
        settled(alerting)
        clock.forward(11)
        def of_store():
            return [g.body for g in stub.to(hook) if g.body["data"]["kind"] == "store"]
        assert wait_for("the alert", of_store)[0]["type"] == "alert.raised"
        clock.forward(60)
        settled(alerting)
        assert len(of_store()) == 1
    finally:
        os.kill(redis, signal.SIGCONT)
    wait_for("Redis", alerting.recovered)
    wait_for("the note", lambda: len(of_store()) == 2)
    assert of_store()[1]["type"] == "alert.over"
    listed = wait_for("the list",
                      lambda: [a for a in alerting.api("GET", "/alerts").json()["data"] if a["kind"] == "store"])
    assert [a["state"] for a in listed] == ["over"] and listed[0]["raised_at"] == listed[0]["at"] < listed[0]["over_at"]


# --- several servers, and death ---


def test_two_servers_on_one_store_send_once_and_who_is_killed_between_is_followed(stub, clock, slug):
    env = {"HUOMA_TEST_CLOCK": str(clock.path)}
    with RedisServer() as redis:
        with Server(workers=1, redis=redis, flags=PRIVATE, env=env, name="one") as one, \
             Server(workers=1, redis=redis, flags=PRIVATE, env=env, name="two") as two:
            destination(one, kind="webhook", name=slug, url=stub.url("/" + slug), secret=SECRET)
            settled(two)
            for n in range(4):
                one.create(f"{slug}-{n}", redirect_groups(1))
                fill(two, f"{slug}-{n}", 1)
            wait_for("all", lambda: len(stub.to("/" + slug)) >= 4)
            settled(two)
            assert len({g.headers["webhook-id"] for g in stub.to("/" + slug)}) == len(stub.to("/" + slug)) == 4
            # one takes a message, and is killed before the other side has answered
            two.kill()
            outbox = redis.client()
            entry = json.dumps({"to": one.api("GET", "/alerts/destinations").json()["data"][0]["id"], "event": "raised",
                                "tries": 0,
                                "since": int(clock.now()),
                                "alert": {"id": "999", "kind": "no_group", "slug": "left", "level": 1}})
            outbox.hset("hm:{~alerts}:outbox", "999-1-x", entry)
            outbox.zadd("hm:{~alerts}:due", {"999-1-x": int(clock.now() + 60) * 1000})  # the lease of the dead
            settled(one)
            assert len(stub.to("/" + slug)) == 4
            clock.forward(61)
            wait_for("the message of the dead", lambda: len(stub.to("/" + slug)) == 5)
            assert wait_for("an empty outbox", lambda: outbox.hlen("hm:{~alerts}:outbox") == 0)


def test_a_kill_between_claim_and_answer_loses_nothing(stub, clock, slug):
    """The other side has the message but keeps its answer back, and the server is killed: it comes again, under the
    same id."""
    env = {"HUOMA_TEST_CLOCK": str(clock.path)}
    path = "/" + slug
    with RedisServer() as redis, Server(workers=1, redis=redis, flags=PRIVATE, env=env, name="killed") as s:
        stub.gates[path] = threading.Event()
        destination(s, kind="webhook", name=slug, url=stub.url(path), secret=SECRET)
        s.create(slug, redirect_groups(1))
        fill(s, slug, 1)
        wait_for("the first try", lambda: len(stub.to(path)) == 1)
        s.kill()
        stub.gates[path].set()
        s.start()
        settled(s)
        assert len(stub.to(path)) == 1
        clock.forward(61)
        wait_for("the second try", lambda: len(stub.to(path)) == 2)
        clock.forward(61)
        settled(s)
        assert len(stub.to(path)) == 2 and len({g.headers["webhook-id"] for g in stub.to(path)}) == 1


# --- where nothing may be sent ---


def test_private_addresses_are_not_reached(server, slug):
    """In every form that a resolver understands, and by a name that leads there."""
    destination(server, expect=422, kind="slack", name=slug, url="http://hooks.slack.com/x")
    for host in ("127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "0.0.0.0", "2130706433", "0x7f.1",
                 "10.0.0.1",
                 "100.64.0.1", "192.168.1.1", "[fd00::1]", "[fe80::1]", "[64:ff9b::7f00:1]", "localhost", "224.0.0.1"):
        made = destination(server, kind="slack", name=slug, url=f"https://{host}/x")
        said = server.api("POST", f"/alerts/destinations/{made['id']}/test").json()
        assert not said["delivered"] and said["status"] == 0 and said["permanent"], (host, said)
        assert "private address" in said["detail"], (host, said)
        server.api("DELETE", f"/alerts/destinations/{made['id']}", expect=204)
    mail = {"from": "a@example.com", "to": "b@example.com", "kind": "mail", "name": slug}
    destination(server, expect=422, host="localhost", security="none", **mail)
    made = destination(server, host="localhost", **mail)
    assert "private address" in server.api("POST", f"/alerts/destinations/{made['id']}/test").json()["detail"]
    server.api("DELETE", f"/alerts/destinations/{made['id']}", expect=204)
