"""For whom a group is: `when`, by real user agents, languages, channels and hours."""

import datetime
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from huoma import Visitor, link, once

WECHAT = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
          "Mobile/15E148 MicroMessenger/8.0.49(0x18003137) NetType/4G Language/zh_CN")
WECHAT_ANDROID = ("Mozilla/5.0 (Linux; Android 13; V2148A Build/TP1A) AppleWebKit/537.36 (KHTML, like Gecko) "
                  "Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20240404 "
                  "MicroMessenger/8.0.49.2600(0x2800313D) WeChat/arm64 NetType/WIFI Language/zh_CN")
WECOM = ("Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
         "Mobile/15E148 wxwork/4.1.22 MicroMessenger/7.0.1 Language/zh ColorScheme/Light")
QQ = ("Mozilla/5.0 (Linux; Android 12; PGEM10 Build/SKQ1) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
      "Chrome/98.0.4758.102 MQQBrowser/6.2 TBS/046281 Mobile Safari/537.36 V1_AND_SQ_8.9.68_4264 QQ/8.9.68.11565 "
      "NetType/WIFI")
QQ_BROWSER = ("Mozilla/5.0 (Linux; U; Android 13; zh-cn; V2148A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
              "Chrome/109.0.5414.86 MQQBrowser/14.5 Mobile Safari/537.36 COVC/046623")
ALIPAY = ("Mozilla/5.0 (iPhone; CPU iPhone OS 16_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
          "Mobile/20A362 Ariver/1.0.15 AliApp(AP/10.5.20.6000) Nebula WK RVKType(0) "
          "AlipayDefined(nt:4G,ws:390|780|3.0) AlipayClient/10.5.20.6000 Alipay Language/zh-Hans")
DOUYIN = ("Mozilla/5.0 (Linux; Android 12; M2007J3SC) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
          "Chrome/92.0.4515.131 Mobile Safari/537.36 aweme_230400 JsSdk/1.0 NetType/WIFI AppName/aweme "
          "app_version/23.4.0 ByteLocale/zh-CN")
WEIBO = ("Mozilla/5.0 (iPhone; CPU iPhone OS 16_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
         "Mobile/15E148 Weibo (iPhone14,5__weibo__13.1.0__iphone__os16.2)")
SAFARI = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
          "Version/17.5 Mobile/15E148 Safari/604.1")
HARMONY = ("Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 "
           "ArkWeb/4.1.6.1 Mobile HuaweiBrowser/5.0.4.300")
HARMONY_4 = ("Mozilla/5.0 (Linux; Android 12; HarmonyOS; ALN-AL00; HMSCore 6.13.0.302) AppleWebKit/537.36 (KHTML, like "
             "Gecko) Chrome/99.0.4844.88 HuaweiBrowser/14.0.5.302 Mobile Safari/537.36")
WINDOWS = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 "
           "Safari/537.36")


def group(when, limit=None, **more):
    return {"url": more.pop("url", link(str(when)[:20].encode().hex())), "show": "redirect", "limit": limit,
            "when": when, **more}


def lands(server, slug, agent=SAFARI, path="", **headers):
    answer = once(server.public, "GET", f"/{slug}{path}",
                  {"User-Agent": agent, **{k.replace("_", "-"): v for k, v in headers.items()}})
    assert answer.status in (200, 302), answer
    return answer.group


@pytest.mark.parametrize("app, agents", [
    ("wechat", [WECHAT, WECHAT_ANDROID]), ("wecom", [WECOM]), ("qq", [QQ]), ("alipay", [ALIPAY]), ("douyin", [DOUYIN]),
    ("weibo", [WEIBO]), ("browser", [SAFARI, QQ_BROWSER, HARMONY, WINDOWS, ""])])
def test_each_app_gets_its_group(server, slug, app, agents):
    server.create(slug, [group({"app": [app]}), group(None)])
    others = {WECHAT, WECOM, QQ, ALIPAY, DOUYIN, WEIBO, SAFARI} - set(agents)
    assert {lands(server, slug, a) for a in agents} == {"g1"}
    assert {lands(server, slug, a) for a in others} == {"g2"}


@pytest.mark.parametrize("system, agents", [
    ("ios", [SAFARI, WECHAT, ALIPAY]), ("android", [QQ, WECHAT_ANDROID, DOUYIN]), ("harmony", [HARMONY, HARMONY_4]),
    ("desktop", [WINDOWS])])
def test_each_system_gets_its_group(server, slug, system, agents):
    server.create(slug, [group({"os": [system]}), group(None)])
    others = {SAFARI, QQ, HARMONY, WINDOWS} - set(agents)
    assert {lands(server, slug, a) for a in agents} == {"g1"}
    assert {lands(server, slug, a) for a in others} == {"g2"}


def test_language_is_the_one_liked_best(server, slug):
    server.create(slug,
                  [group({"language": ["zh-TW"]}), group({"language": ["zh"]}), group({"language": ["en", "fr"]}),
                   group(None)])
    for accept, expected in [("zh-TW,zh;q=0.9", "g1"), ("zh-CN,zh;q=0.9,en;q=0.8", "g2"), ("zh-Hans-CN", "g2"),
                             ("ZH", "g2"),
                             ("en-US,zh;q=0.5", "g3"), ("zh;q=0.3,fr", "g3"), ("de,en;q=0.9", "g4"), ("*", "g4"),
                             ("zhx", "g4")]:
        assert lands(server, slug, Accept_Language=accept) == expected, accept
    assert lands(server, slug) == "g4" and lands(server, slug, WECHAT) == "g2"


def test_all_keys_must_fit(server, slug):
    server.create(slug, [group({"app": ["wechat", "qq"], "os": ["ios"], "channel": ["shop-1"]}), group(None)])
    assert lands(server, slug, WECHAT, "/shop-1") == lands(server, slug, WECHAT, "/SHOP-1") == "g1"
    assert lands(server, slug, WECHAT) == lands(server, slug, WECHAT,
                                                "/shop-2") == lands(server, slug, WECHAT, "/shop-11") == "g2"
    assert lands(server, slug, QQ, "/shop-1") == lands(server, slug, SAFARI, "/shop-1") == "g2"


def test_hours_are_of_the_servers_time_zone(server, slug):
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    today = datetime.datetime.now().weekday()
    other = [days[(today + i) % 7] for i in (2, 3, 4, 5)]
    server.create(slug, [group({"hours": [f"{d} 00:00-24:00" for d in other]}),
                         group({"hours": [f"{days[today - 1]}-{days[(today + 1) % 7]} 00:00-24:00"]}), group(None)])
    assert lands(server, slug) == "g2"


def test_hours_are_of_the_campaigns_own_time_zone(server, slug):
    """Kiribati's and Baker Island's clocks are 26 hours apart: never is it the same day there."""
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    in_kiribati = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=14))).weekday()
    now = f"{days[in_kiribati]}-{days[(in_kiribati + 1) % 7]} 00:00-24:00"
    server.create(slug, [group({"hours": [now]}), group(None)], timezone="Pacific/Kiritimati")
    assert server.show(slug)["timezone"] == "Pacific/Kiritimati" and lands(server, slug) == "g1"
    server.patch(slug, {"timezone": "Etc/GMT+12"})
    assert lands(server, slug) == "g2"
    for zone in ("Asia/Atlantis", "../../etc/passwd", "", 8):
        answer = server.api("PATCH", f"/campaigns/{slug}", {"timezone": zone}, 422)
        assert [e["field"] for e in answer.json()["errors"]] == ["timezone"]
    server.patch(slug, {"timezone": None})
    assert server.show(slug)["timezone"] is None


def test_only_groups_that_fit_and_none_means_full(server, slug):
    server.create(slug, [group({"app": ["wechat"]}, 2), group({"app": ["qq"]}, 2)])
    assert [lands(server, slug, WECHAT) for _ in range(3)] == ["g1", "g1", "none"]
    assert lands(server, slug, SAFARI) == "none" and lands(server, slug, QQ) == "g2"


def test_a_visitor_stays_while_the_group_is_for_them(server, slug):
    server.create(slug, [group({"channel": ["shop-1"]}), group(None)])
    visitor = Visitor(server, slug)
    assert [visitor.scan("shop-1").group, visitor.scan("shop-1").group, visitor.scan().group] == ["g1", "g1", "g1"]
    assert visitor.scan("shop-2").group == "g2"
    assert server.show(slug)["seats"]["used"] == 2


def test_a_change_of_conditions_holds_for_the_next_scan(server, slug):
    server.create(slug, [group({"app": ["wechat"]}), group(None)])
    assert lands(server, slug, SAFARI) == "g2"
    server.patch(f"{slug}/groups/g1", {"when": {"app": None, "os": ["ios"]}})
    assert lands(server, slug, SAFARI) == "g1" and lands(server, slug, QQ) == "g2"
    server.patch(f"{slug}/groups/g1", {"when": None})
    assert lands(server, slug, QQ) == "g1"
    assert server.show(slug)["groups"][0]["when"] is None


def test_conditions_are_shown_as_given(server, slug):
    when = {"app": ["wechat", "qq"], "os": ["ios"], "language": ["zh", "en-us"], "channel": ["a", "b-1"],
            "hours": ["mon-fri 09:00-18:00", "sat 22:00-02:00"]}
    server.create(slug, [group(when)])
    assert server.show(slug)["groups"][0]["when"] == when


@pytest.mark.parametrize("when, field", [
    ({"app": ["safari"]}, "when.app"), ({"app": "wechat"}, "when.app"), ({"app": [None]}, "when.app"),
    ({"os": [None]}, "when.os"),
    ({"language": ["a" * 36]}, "when.language"), ({"hours": ["mon 09:00-10:00"] * 22}, "when.hours"),
    ({"os": [1]}, "when.os"),
    ({"language": ["z h"]}, "when.language"), ({"language": [""]}, "when.language"),
    ({"channel": ["seat"]}, "when.channel"),
    ({"channel": ["a,b"]}, "when.channel"), ({"hours": ["mon 9:00-18:00"]}, "when.hours"),
    ({"hours": ["mon 09:00-09:00"]}, "when.hours"), ({"hours": ["mon 09:00-24:01"]}, "when.hours"),
    ({"hours": ["mon-fri 09:00-18:00 x"]}, "when.hours"), ({"country": ["CN"]}, "when.country"),
    ({"age": 3}, "when.age"),
    ([], "when"), ({"channel": [f"c{i}" for i in range(201)]}, "when.channel")])
def test_bad_conditions_are_refused_by_name(server, slug, when, field):
    answer = server.api("POST", "/campaigns", {"slug": slug, "groups": [group(when)]}, 422)
    assert [e["field"] for e in answer.json()["errors"]] == ["groups[0]." + field]


def test_too_many_different_conditions_are_refused(server, slug):
    groups = [group({"channel": [f"c{i}"]}) for i in range(32)]
    answer = server.api("POST", "/campaigns", {"slug": slug, "groups": groups}, 422)
    assert "31 different conditions" in answer.json()["errors"][0]["reason"]
    server.create(slug, groups[:31] + groups[:5])
    assert lands(server, slug, path="/c30") == "g31"


def test_a_mixed_storm_gives_each_kind_exactly_its_seats(server, slug):
    server.create(slug,
                  [group({"app": ["wechat"]}, 40), group({"app": ["qq"]}, 30), group({"app": ["wechat", "qq"]}, 20),
                   group({"app": ["browser"]}, 10)])
    agents = [WECHAT, QQ, SAFARI] * 60
    got = storm(server, slug, agents)
    used = [g["used"] for g in server.show(slug)["groups"]]
    assert used == [40, 30, 20, 10]
    for app, groups in ((WECHAT, {"g1", "g3", "none"}), (QQ, {"g2", "g3", "none"}), (SAFARI, {"g4", "none"})):
        assert {g for a, g in got if a == app} <= groups


def storm(server, slug, agents):
    """All at once, each on a connection of its own: (agent, group) of each."""
    with ThreadPoolExecutor(24) as pool:
        return list(zip(agents, pool.map(lambda a: lands(server, slug, a), agents)))


def test_conditions_that_change_during_a_storm_never_let_a_stranger_in(server, slug):
    server.create(slug, [group({"app": ["wechat"]}), group({"os": ["ios"]}), group(None)])
    over = threading.Event()

    def change():
        for i in range(40):
            server.patch(slug, {"when": {"app": ["qq" if i % 2 else "wechat"]} if i % 3 else None},
                         group="g1" if i % 3 else "g2")
            server.patch(slug, {"when": {"os": ["ios"]}}, group="g2")
        over.set()

    def scan(agent):
        got = set()
        while not over.is_set():
            got.add(lands(server, slug, agent))
        return got

    with ThreadPoolExecutor(9) as pool:
        scans = [pool.submit(scan, agent) for agent in [WINDOWS, WECHAT_ANDROID, QQ, SAFARI] * 2]
        pool.submit(change).result()
        windows, wechat, qq, safari = (scans[i].result() | scans[i + 4].result() for i in range(4))
    assert "g1" not in windows | safari and "none" not in windows | wechat | qq | safari
    assert {"g1"} <= wechat and {"g1"} <= qq
    server.show(slug)


@pytest.mark.parametrize("way", ["new", "next"])
def test_older_lanes_are_asked_for_again(server, slug, way):
    """Another server's change reaches the ledger before this one hears of it: the conditions of g1 and g2 change
    places."""
    server.create(slug,
                  [group({"app": ["wechat"]}), group({"app": ["qq"]}), group({"app": ["browser"]}),
                   group({"os": ["ios"]})])
    visitor = Visitor(server, slug, agent=WECHAT)
    for _ in range(8):   # each worker knows the definition
        assert lands(server, slug, WECHAT) == "g1"
    if way == "next":
        assert visitor.scan().group == "g1"
    client = server.redis_client()
    told = json.loads(client.get(f"hm:{{{slug}}}"))
    told["groups"][0]["when"], told["groups"][1]["when"] = told["groups"][1]["when"], told["groups"][0]["when"]
    told["version"] += 1
    client.mset({f"hm:{{{slug}}}": json.dumps(told)})
    client.hset(f"hm:{{{slug}}}:seats", "v", told["version"])
    if way == "new":
        assert lands(server, slug, WECHAT) == "g2" and lands(server, slug, QQ) == "g1"
    else:
        assert visitor.next().group == "g2"
