"""Groups for visitors from some countries: `when.country`, by a database in MaxMind's format."""

import pytest

import mmdb
from huoma import PHONE, Server, Visitor, link, once
from test_cli_serve import assert_one_line, run

NETWORKS = {
    "192.0.2.0/24": mmdb.country("CN"), "192.0.2.128/25": mmdb.country("SG"),
    "198.51.100.0/24": mmdb.country("DE", registered="US"),
    "203.0.113.0/28": mmdb.country(registered="CN"), "203.0.113.16/28": mmdb.country(),
    "203.0.113.32/28": {"country": {"iso_code": "CHN"}},
    "203.0.113.48/28": {"country": "CN"}, "127.0.0.0/8": mmdb.country("AQ"),
    "2001:db8:1::/48": mmdb.country("CN"), "2001:db8:2::/48": mmdb.country("SG")}
TRUST = ["--trusted-proxies", "127.0.0.1/32"]


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    return mmdb.write(tmp_path_factory.mktemp("mmdb") / "country.mmdb", NETWORKS)


@pytest.fixture(scope="module")
def server(database):
    with Server(workers=2, flags=[*TRUST, "--country-database", str(database)]) as s:
        yield s


def group(*countries, **more):
    when = {"country": list(countries), **more.pop("when", {})} if countries else None
    return {"url": link("-".join(countries) or "all"), "show": "redirect", "when": when, **more}


def lands(server, slug, address=None, agent=PHONE):
    headers = {"User-Agent": agent, **({"X-Forwarded-For": address} if address else {})}
    answer = once(server.public, "GET", f"/{slug}", headers)
    assert answer.status in (200, 302), answer
    return answer.group


def test_each_country_gets_its_group(server, slug):
    server.create(slug, [group("CN"), group("sg", "DE"), group()])
    for address, expected in [
            ("192.0.2.1", "g1"), ("192.0.2.127", "g1"), ("192.0.2.128", "g2"), ("198.51.100.7", "g2"),
            ("2001:db8:1::5", "g1"),
            ("2001:db8:2:ffff::1", "g2"), ("::ffff:192.0.2.1", "g1"), ("2001:db8:3::1", "g3"), ("8.8.8.8", "g3"),
            ("127.0.0.1", "g3")]:
        assert lands(server, slug, address) == expected, address
    assert [g["when"] for g in server.show(slug)["groups"]] == [{"country": ["CN"]}, {"country": ["SG", "DE"]}, None]


def test_the_country_of_the_registration_counts_where_no_other_is_known(server, slug):
    server.create(slug, [group("CN"), group("US"), group()])
    assert lands(server, slug, "203.0.113.1") == "g1" and lands(server, slug, "198.51.100.1") == "g3"


def test_an_unknown_country_fits_no_condition(server, slug):
    server.create(slug, [group("CN", "SG", "DE", "US", "AQ")])
    for address in ("203.0.113.17", "203.0.113.33", "203.0.113.49", "8.8.8.8", "2001:db8:9::1"):
        assert lands(server, slug, address) == "none", address


def test_only_what_the_trusted_proxy_says_counts(server, slug):
    server.create(slug, [group("CN"), group("SG"), group("AQ")])
    assert lands(server, slug, "192.0.2.1, 192.0.2.200") == "g2"
    assert lands(server, slug, "192.0.2.200, 192.0.2.1, 127.0.0.1") == "g1"
    for nonsense in ("", "unknown", "192.0.2.1:80", "192.0.2.1,", "999.0.2.1", "192.0.2.1 " * 50):
        assert lands(server, slug, nonsense) == "g3", nonsense


def test_without_trust_the_connection_counts(database, slug):
    with Server(workers=1, flags=["--country-database", str(database)]) as s:
        s.create(slug, [group("CN"), group("AQ")])
        assert lands(s, slug) == lands(s, slug, "192.0.2.1") == lands(s, slug, "2001:db8:1::5") == "g2"


def test_a_database_of_ipv4_alone_knows_no_ipv6(tmp_path, slug):
    path = mmdb.write(tmp_path / "v4.mmdb", {"192.0.2.0/24": mmdb.country("CN")}, version=4)
    with Server(workers=1, flags=[*TRUST, "--country-database", str(path)]) as s:
        s.create(slug, [group("CN"), group()])
        assert lands(s, slug, "192.0.2.1") == "g1" and lands(s, slug, "2001:db8:1::5") == "g2"


def test_all_conditions_must_fit(server, slug):
    server.create(slug, [group("CN", when={"app": ["wechat"]}), group("CN"), group()])
    assert lands(server, slug, "192.0.2.1") == "g1"
    assert (lands(server, slug, "192.0.2.1", "Mozilla/5.0 (Windows NT 10.0)") == "g2"
            and lands(server, slug, "8.8.8.8") == "g3")


def test_a_seat_stays_when_the_phone_changes_its_network(server, slug):
    server.create(slug, [group("CN"), group("SG")])
    visitor = Visitor(server, slug)
    assert visitor.scan(**{"X-Forwarded-For": "192.0.2.1"}).group == "g1"
    assert visitor.scan(**{"X-Forwarded-For": "192.0.2.200"}).group == "g1"
    assert visitor.scan(**{"X-Forwarded-For": "8.8.8.8"}).group == "g1"
    assert server.show(slug)["seats"]["used"] == 1


@pytest.mark.parametrize("countries", [["CHN"], ["C"], [""], ["C1"], ["c,"], ["中国"], [86], "CN", {}])
def test_what_is_no_country_is_refused(server, slug, countries):
    answer = server.api("POST", "/campaigns",
                        {"slug": slug, "groups": [{"url": link("a"), "when": {"country": countries}}]}, 422)
    assert [e["field"] for e in answer.json()["errors"]] == ["groups[0].when.country"]


def refused(answer, field):
    assert answer.json()["errors"] == [{"field": field, "reason": "not offered: no country_database"}]


def test_without_a_database_countries_are_not_offered(slug):
    with Server(workers=1) as s:
        refused(s.api("POST", "/campaigns", {"slug": slug, "groups": [group("CN")]}, 422), "groups[0].when.country")
        s.create(slug,
                 [{**group(), "when": {"country": None, "app": ["wechat"]}}, {**group(), "when": {"country": []}}])
        refused(s.api("PATCH", f"/campaigns/{slug}/groups/g1", {"when": {"country": ["CN"]}}, 422), "when.country")
        one = {"slug": "other", "groups": [group("CN")]}
        refused(s.api("POST", "/campaigns:batch", {"campaigns": [{"op": "create", **one}]}, 422),
                "campaigns[0].groups[0].when.country")


def test_the_command_line_offers_what_the_configuration_does(server, database, tmp_path, slug):
    (tmp_path / "c.json").write_text('{"title": "C", "groups": [{"url": "https://a.example/", "when": {"country": '
                                     '["cn"]}}]}')
    command = ["campaign", "create", "--json", tmp_path / "c.json", "--redis-url", server.ready["redis"], "--json-out"]
    assert_one_line(run(*command), 1, "groups[0].when.country", "not offered: no country_database")
    out = run(*command, "--country-database", database)
    assert out.returncode == 0 and '"CN"' in out.stdout, out


def test_what_was_set_stays_readable_when_the_database_is_gone(database, tmp_path, slug):
    with Server(workers=1, data_dir=tmp_path / "data", flags=[*TRUST, "--country-database", str(database)]) as s:
        s.create(slug, [group("CN"), group()])
        holder = Visitor(s, slug)
        assert holder.scan(**{"X-Forwarded-For": "192.0.2.1"}).group == "g1"
    with Server(workers=1, data_dir=tmp_path / "data", flags=TRUST) as s:
        assert s.show(slug)["groups"][0]["when"] == {"country": ["CN"]}
        assert lands(s, slug, "192.0.2.1") == "g2"
        holder.address = s.public
        assert holder.scan(**{"X-Forwarded-For": "192.0.2.1"}).group == "g1"
        s.patch(f"{slug}/groups/g1", {"name": "Still here"})
        assert s.show(slug)["groups"][0]["when"] == {"country": ["CN"]}
        s.patch(f"{slug}/groups/g1", {"when": {"country": None}})
        assert s.show(slug)["groups"][0]["when"] is None


def broken_files(tmp_path, database):
    whole = database.read_bytes()
    yield "nowhere.mmdb", None
    yield "empty.mmdb", b""
    yield "text.mmdb", b"not a database\n" * 100
    yield "cut.mmdb", whole[:len(whole) // 2]
    yield "tail.mmdb", whole[:-8]
    yield ".", None


def test_a_database_that_cannot_be_used_ends_the_start_with_one_line(tmp_path, database):
    for name, content in broken_files(tmp_path, database):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        for command in ("serve", "check"):
            # libmaxminddb 1.7 itself loses memory when the metadata breaks off
            env = {"ASAN_OPTIONS": "detect_leaks=0"} if name == "tail.mmdb" else {}
            out = run(command, "--data-dir", tmp_path / "data", "--country-database", path, env=env)
            assert_one_line(out, 2, "country_database", str(path))
    assert not (tmp_path / "data").exists(), "nothing was made"


def test_a_database_broken_inside_makes_countries_unknown_and_nothing_worse(tmp_path, database, slug):
    whole = bytearray(database.read_bytes())
    start = whole.index(b"\xab\xcd\xefMaxMind.com")
    for i in range(start // 2, start):
        whole[i] = 0xff
    (tmp_path / "rotten.mmdb").write_bytes(whole)
    with Server(workers=1, flags=[*TRUST, "--country-database", str(tmp_path / "rotten.mmdb")]) as s:
        s.create(slug, [group("CN"), group()])
        for address in ("192.0.2.1", "192.0.2.200", "2001:db8:1::5", "203.0.113.1", "8.8.8.8"):
            assert lands(s, slug, address) in ("g1", "g2")
        assert lands(s, slug, "2001:db8:1::5") == "g2"


def test_check_tells_which_database_it_is(server, database):
    out = run("check", "--redis-url", server.ready["redis"], "--country-database", database)
    assert out.returncode == 0 and "Test-Country of 2026-11-25" in out.stdout, out
    assert "Countries" not in run("check", "--redis-url", server.ready["redis"]).stdout
