"""`huoma import` of what other programs export, made here as they make it: dry run, import, import again, and then real
scans of the old addresses."""

import io
import json
import subprocess

import pytest
from PIL import Image, ImageFilter

from huoma import BINARY, Visitor, once, room_for

GROUPS = [f"https://weixin.qq.com/g/AwYAAG{i}xyzKlm" for i in range(6)]

# mysqldump's and phpMyAdmin's way to write liKeYun 2.4.6 (install/install.php)
LIKEYUN = r"""-- MySQL dump 10.13  Distrib 5.7.40, for Linux (x86_64)
/*!40101 SET NAMES utf8 */;
DROP TABLE IF EXISTS `huoma_channel`;
CREATE TABLE `huoma_channel` (
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT '自增ID',
  `channel_id` int(10) DEFAULT NULL COMMENT '渠道ID',
  `channel_title` varchar(64) DEFAULT NULL COMMENT '渠道标题',
  `channel_status` int(2) DEFAULT '1' COMMENT '状态（1正常 2停用）',
  `channel_key` varchar(10) DEFAULT NULL COMMENT '短链接key',
  `channel_url` text COMMENT '渠道目标链接',
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=2 DEFAULT CHARSET=utf8 COMMENT='渠道码';
LOCK TABLES `huoma_channel` WRITE;
/*!40000 ALTER TABLE `huoma_channel` DISABLE KEYS */;
INSERT INTO `huoma_channel` VALUES (1,100007,'It\'s a channel; (1)',1,'cHaN','https://example.com/a?b=\'c');
UNLOCK TABLES;
CREATE TABLE `huoma_dwz` (`id` int(10) unsigned NOT NULL, `dwz_id` int(10), `dwz_title` varchar(32),
  `dwz_key` varchar(10), `dwz_status` int(2), `dwz_url` text, `dwz_type` int(2), PRIMARY KEY (`id`)) ENGINE=InnoDB;
INSERT INTO `huoma_dwz` VALUES (1,10100001,'短','aBc',1,'https://example.com/1',1),
(2,10100002,'短','AbC',1,'https://example.com/2',1),
(3,10100003,'坏','Bad',1,'javascript:alert(1)',1),(4,10100004,'短','Solo',1,'https://example.com/4',1);
CREATE TABLE `huoma_qun` (
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT, `qun_id` int(10) DEFAULT NULL, `qun_title` varchar(64) DEFAULT NULL,
  `qun_status` int(2) NOT NULL DEFAULT '1' COMMENT '状态（1开启 2关闭）', `qun_kf` text,
  `qun_kf_status` int(2) NOT NULL DEFAULT '2', `qun_beizhu` text, `qun_key` varchar(10) DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8 COMMENT='群活码列表';
INSERT INTO `huoma_qun` VALUES (1,100001,'春跑交流群',1,'http://old.test/console/upload/kf.png',1,'第一行\n第二行','qUn1'),
(2,100002,'停用',2,NULL,2,NULL,'qUn2');
CREATE TABLE `huoma_qun_zima` (
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT, `qun_id` int(10), `zm_id` int(10),
  `zm_yz` int(10) NOT NULL DEFAULT '200', `zm_pv` int(10) NOT NULL DEFAULT '0', `zm_qrcode` text,
  `zm_leader` varchar(32), `zm_status` int(2) NOT NULL DEFAULT '1',
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
INSERT INTO `huoma_qun_zima` VALUES (1,100001,5001,3,3,'http://old.test/console/upload/one.png','anna',1),
(2,100001,5002,2,0,'http://old.test/console/upload/two.jpg',NULL,1),
(3,100001,5003,200,7,'http://old.test/console/upload/gone.png',NULL,1),
(4,100001,5004,200,0,'http://old.test/console/upload/../../secret.png',NULL,1),
(5,100001,5005,200,0,'http://old.test/console/upload/link.png',NULL,1),
(6,100001,5006,200,0,'http://old.test/upload/pay.png',NULL,1);
INSERT INTO `ylb_qun_bingliu` (`id`,`bingliu_id`,`before_qun_id`,`before_qun_key`,`later_qun_id`,
  `bingliu_status`) VALUES
(1,1,99999,'oLd',100001,1);
INSERT INTO `huoma_shareCard` (`id`,`shareCard_id`) VALUES (1,1),(2,2);
"""


def huoma(server, *words):
    done = subprocess.run([BINARY, *map(str, words), "--data-dir", server.data_dir], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode in (0, 1), done
    assert "Sanitizer" not in done.stderr, done.stderr
    return done


def imported(server, path, *words):
    """Dry run, import and import again: what each printed. The first changes nothing, nor does the last."""
    before = listing(server)
    dry = huoma(server, "import", "--dry-run", *words, path)
    assert listing(server) == before
    first = huoma(server, "import", *words, path)
    after = listing(server)
    again = huoma(server, "import", *words, path)
    assert listing(server) == after
    made, rows = len(after) - len(before), [line for line in first.stdout.splitlines() if not line[0].isdigit()]
    assert [line for line in dry.stdout.splitlines() if not line[0].isdigit()] == rows
    assert f"{made} would be made" in dry.stdout and f"{made} made" in first.stdout
    assert "0 made" in again.stdout and f"{made} unchanged" in again.stdout
    return first.stdout


def listing(server):
    return {c["slug"]: c for c in server.api("GET", "/campaigns?limit=200").json()["data"]}


def code(text, folder):
    path = folder / "code.png"
    subprocess.run([BINARY, "qr", text, "-o", path, "--size", "400"], check=True, capture_output=True)
    return Image.open(path).convert("RGB")


def screenshot(text, folder):
    """As WeChat shows a group's code: on a card, dark around it, an avatar in its middle, a bit askew, poorly
    compressed."""
    qr = code(text, folder)
    avatar = Image.effect_noise((qr.width // 8, qr.height // 8), 90).convert("RGB")
    qr.paste(avatar, ((qr.width - avatar.width) // 2, (qr.height - avatar.height) // 2))
    card = Image.new("RGB", (900, 1600), (25, 25, 25))
    card.paste(Image.new("RGB", (700, 1000), "white"), (100, 250))
    card.paste(qr.rotate(1.5, expand=True, fillcolor="white", resample=Image.BICUBIC), (230, 450))
    out = io.BytesIO()
    card.filter(ImageFilter.GaussianBlur(0.7)).save(out, "JPEG", quality=35)
    return out.getvalue()


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "upload"
    folder.mkdir()
    for name, text in (("one.png", GROUPS[0]), ("kf.png", GROUPS[5]), ("pay.png", "wxp://f2f0abc")):
        code(text, tmp_path).save(folder / name)
    (folder / "two.jpg").write_bytes(screenshot(GROUPS[1], tmp_path))
    code(GROUPS[2], tmp_path).save(tmp_path / "secret.png")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    return folder


def location(server, path):
    answer = once(server.public, "GET", path)
    return answer.header("Location") if answer.status == 302 else answer.status


def test_likeyun(server, tmp_path, images):
    dump = tmp_path / "ylb.sql"
    dump.write_text(LIKEYUN)
    said = imported(server, dump, "--images", images)
    assert "huoma_shareCard: 2 rows: Huoma has nothing like them" in said
    assert "bad: groups[0].url scheme not allowed" in said
    for name, why in (("gone.png", "not in the folder"), ("secret.png", "not in the folder"),
                      ("link.png", "cannot be opened"),
                      ("pay.png", "no link a group may have")):
        assert any(name in line and why in line for line in said.splitlines()), (name, said)
    run = server.show("qun1")
    assert (run["title"], run["fallback"]["contact"], server.show("qun2")["enabled"]) == ("春跑交流群", GROUPS[5], False)
    groups = [(g["url"], g["limit"], g["confirmed"], g["state"]) for g in run["groups"]]
    assert groups == [(GROUPS[0], 3, 3, "full"), (GROUPS[1], 2, 0, "open"),
                      (None, 200, 7, "off")] + [(None, 200, 0, "off")] * 3
    assert run["groups"][2]["name"] == "Group 3 (no link: gone.png)"
    for old in ("/common/qun/redirect/?qid=100001&t=1700000000", "/common/qun/?qid=100001", "/s/qUn1", "/s/?key=qUn1",
                "/s/oLd",
                "/common/qun/redirect/?qid=99999"):
        assert location(server, old).split("?")[0] == "/qun1", old
    visitor = Visitor(server, "qun1")
    assert visitor.scan().group == "g2"
    assert [location(server, p) for p in ("/aBc", "/AbC", "/abc")] == ["/abc-2", "/abc-3", 404]
    assert (location(server, "/abc-2") == "https://example.com/1"
            and location(server, "/abc-3") == "https://example.com/2")
    assert location(server, "/Solo") == location(server, "/solo") == "https://example.com/4"
    assert location(server, "/s/cHaN") == "/chan" and location(server, "/chan") == "https://example.com/a?b='c"


def test_likeyun_tables_as_csv(server, tmp_path, images):
    (tmp_path / "huoma_kf.csv").write_text(
        '"id","kf_id","kf_title","kf_status","kf_model","kf_key"\n"1","200001","客服","1","2","KfK"\n')
    assert "export the table huoma_kf_zima too" in huoma(server, "import", "--dry-run",
                                                         tmp_path / "huoma_kf.csv").stdout
    (tmp_path / "huoma_kf_zima.csv").write_text('"id","kf_id","zm_id","zm_yz","zm_pv","zm_qrcode","zm_status"\n'
                                                '"1","200001","7","0","12","http://old.test/upload/one.png","1"\n'
                                                '"2","200001","8","0","3","http://old.test/upload/kf.png","2"\n')
    imported(server, tmp_path / "huoma_kf.csv", "--images", images)
    campaign = server.show("kfk")
    assert campaign["strategy"] == "random"
    assert [(g["url"], g["limit"], g["confirmed"], g["state"]) for g in campaign["groups"]] == [
        (GROUPS[0], None, 0, "open"), (GROUPS[5], None, 0, "off")]
    assert location(server, "/common/kf/redirect/?kid=200001") == "/kfk"


def test_yourls(server, tmp_path):
    dump = tmp_path / "yourls.sql"
    dump.write_text(r"""-- phpMyAdmin SQL Dump
CREATE TABLE `yourls_url` (
  `keyword` varchar(100) COLLATE utf8mb4_bin NOT NULL DEFAULT '', `url` text COLLATE utf8mb4_bin NOT NULL, `title` text,
  `timestamp` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, `ip` varchar(41) NOT NULL,
  `clicks` int(10) UNSIGNED NOT NULL
) ENGINE=InnoDB;
INSERT INTO `yourls_url` (`keyword`, `url`, `title`, `timestamp`, `ip`, `clicks`) VALUES
('ozh', 'https://ozh.org/', 'Ozh\'s blog', '2024-01-10 10:00:00', '192.168.1.1', 3),
('my_link', 'https://example.com/my', NULL, '2024-01-10 10:00:00', '192.168.1.1', 0),
('ftp', 'ftp://example.com/', 'x', '2024-01-10 10:00:00', '192.168.1.1', 0),
('who', 'https://user:word@example.com/', 'x', '2024-01-10 10:00:00', '192.168.1.1', 0);
""")
    said = imported(server, dump)
    assert "/ozh: 3 clicks until now are not taken over" in said
    assert "line 8: ftp: groups[0].url scheme not allowed" in said or "ftp: groups[0].url scheme not allowed" in said
    assert "who: groups[0].url has user info" in said
    assert server.show("ozh")["title"] == "Ozh's blog"
    assert location(server, "/my_link") == "/my-link" and location(server, "/my-link") == "https://example.com/my"


def test_shlink(server, tmp_path):
    def link(code, **fields):
        return {"shortCode": code, "shortUrl": f"https://s.test/{code}", "longUrl": f"https://example.com/{code}",
                "title": None,
                "dateCreated": "2024-01-01T00:00:00+00:00", "tags": [],
                "visitsSummary": {"total": 40, "nonBots": 38, "bots": 2},
                "meta": {"validSince": None, "validUntil": None, "maxVisits": None}, "domain": None, **fields}

    links = [link("shA", title="First"), link("sha"), link("shb", meta={"validSince": "2020-01-01T00:00:00+02:00",
                                                                    "validUntil": "2021-01-01T00:00:00+02:00",
                                                                        "maxVisits": 50})]
    path = tmp_path / "shlink.json"
    path.write_text(json.dumps({"shortUrls": {"data": links, "pagination": {}}}) + "\n"
                    + json.dumps({"shortUrls": {"data": [link("promo/may")]}}))
    imported(server, path)
    assert [location(server, p) for p in ("/shA", "/sha", "/promo/may")] == ["/sha-2", "/sha-3", "/promo-may"]
    ended = server.show("shb")
    assert (ended["ends_at"], ended["groups"][0]["limit"], ended["groups"][0]["confirmed"]) == \
        ("2020-12-31T22:00:00Z", 50, 40)
    assert location(server, "/shb") == 410


def test_kutt(server, tmp_path):
    path = tmp_path / "links.sql"
    path.write_text("""--
-- PostgreSQL database dump
--
CREATE TABLE public.links (
    id integer NOT NULL,
    address character varying(255) NOT NULL,
    description character varying(255),
    banned boolean DEFAULT false NOT NULL,
    password character varying(255),
    expire_in timestamp with time zone,
    target character varying(2040) NOT NULL,
    visit_count integer DEFAULT 0 NOT NULL
);
INSERT INTO public.links VALUES (1, 'kutt1', 'It''s a \\ link', false, NULL, NULL, 'https://example.com/k1', 0);
INSERT INTO public.links VALUES (2, 'kutt2', NULL, true, NULL, NULL, 'https://example.com/k2', 0);
INSERT INTO public.links VALUES (3, 'kutt3', NULL, false, '$2b$12$abc', NULL, 'https://example.com/k3', 0);
INSERT INTO public.links VALUES (4, 'kutt4', NULL, false, NULL, '2020-01-01 00:00:00+00', 'https://example.com/k4', 9);
""")
    said = imported(server, path, "--from", "kutt")
    assert "kutt2: is banned" in said and "kutt3: asks for a password" in said
    assert server.show("kutt1")["title"] == "It's a \\ link"
    assert location(server, "/kutt1") == "https://example.com/k1" and location(server, "/kutt4") == 410


def test_own_csv_as_excel_saves_it_in_china(server, tmp_path):
    path = tmp_path / "groups.csv"
    path.write_bytes("短码,标题,策略,分流群数,每地址名额,群名,链接,上限,旧地址,启用\r\n"
                     "chun,春跑,顺序,2,0,一群,https://example.com/c1,1,/q/1 /q/2,是\r\n"
                     ",,,,,二群,https://example.com/c2,5,,是\r\n,,,,,三群,,5,,否\r\n坏,,,,,,https://example.com/c3,,,\r\n"
                     "kuan,,,21,,,https://example.com/c4,,,\r\n".encode("gb18030"))
    said = imported(server, path)
    assert "was read as GB18030" in said and "slug must be 1 to 64" in said and "kuan: spread " in said, said
    campaign = server.show("chun")
    assert (campaign["spread"], campaign["per_address"]) == (2, 0)
    assert [(g["name"], g["limit"], g["state"]) for g in campaign["groups"]] == [("一群", 1, "open"), ("二群", 5, "open"),
                                                                               ("三群", 5, "off")]
    assert location(server, "/q/2") == "/chun"
    assert [location(server, "/chun") for _ in range(2)] == ["https://example.com/c1", "https://example.com/c2"]


def test_what_is_there_already_is_not_touched(server, tmp_path):
    server.create("mine", [{"url": "https://example.com/mine"}], aliases=["/old/mine"])
    path = tmp_path / "a.csv"
    path.write_text("slug,url,alias\nmine,https://example.com/other,\nthief,https://example.com/t,/old/mine\n"
                    "free,https://example.com/f,\n"
                    "free2,https://example.com/f,/x\nFree,https://example.com/g,\ntwin,https://example.com/f,/x\n")
    before = server.show("mine")
    dry = huoma(server, "import", "--dry-run", path)
    assert dry.returncode == 1 and "thief: its old address /old/mine leads to mine already" in dry.stdout, dry
    done = huoma(server, "import", path)
    assert done.returncode == 1
    for words in ("mine: there is a campaign of that slug, and it is another one",
                  "its old address /old/mine leads to mine already",
                  "twin: line 5 has /x already", "2 made, 0 unchanged, 3 refused"):
        assert words in done.stdout, done.stdout
    assert server.show("mine") == before
    assert [len(server.show(slug)["groups"]) for slug in ("free", "free2")] == [2, 1]
    server.show("mine")
    server.api("GET", "/campaigns/thief", expect=404)


def test_files_that_cannot_be_read_say_why(server, tmp_path):
    path = tmp_path / "x"
    for content, words in ((b"", "the file is empty"), (b"\xff\xfes\0l\0u\0g\0", "it has NUL bytes"),
                           (b"slug\n\xff\xff,", "neither UTF-8")):
        path.write_bytes(content)
        done = huoma(server, "import", "--from", "csv", path)
        assert done.returncode == 1 and words in done.stdout, done
    path.write_text("hello")
    done = huoma(server, "import", path)
    assert (done.returncode, done.stdout) == (1, "") and "looks like no known format" in done.stderr
    assert "No such file" in huoma(server, "import", tmp_path / "nothing").stderr
    assert "No such file" in huoma(server, "import", "--images", tmp_path / "nothing", "--from", "csv", path).stderr


def test_hundreds_of_links_are_one_import(server, tmp_path):
    path = tmp_path / "many.csv"
    path.write_text("slug,url\n" + "".join(f"many-{i},https://example.com/m{i}\n" for i in range(2500)))
    done = huoma(server, "import", path)
    assert "2500 made, 0 unchanged, 0 refused" in done.stdout, done.stdout[-300:] + done.stderr
    assert location(server, "/many-2499") == "https://example.com/m2499"
    assert "0 made, 2500 unchanged, 0 refused" in huoma(server, "import", path).stdout


def test_an_import_that_stops_midway_says_how_far_it_came_and_goes_on_from_there(server, tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("slug,url\n" + "".join(f"long-{i},https://example.com/l{i}\n" for i in range(3001)))
    with room_for(server.redis_client(), 4_200_000):  # a thousand want 1 MB to stay, and 2 to 3 on their way
        done = huoma(server, "import", path)
    made = sum(1 for _ in server.redis_client().scan_iter("hm:{long-*}:seats", count=10000))
    assert made in (1000, 2000, 3000)
    assert done.returncode == 1 and done.stdout.endswith(f"{made} made, 0 unchanged, 0 refused.\n")
    assert done.stderr == (f"huoma: import: the store has no room; {made} were made before it. Run it again: what is "
                           f"there already stays, "
                           "and the rest is made\n")
    assert f"{3001 - made} made, {made} unchanged, 0 refused" in huoma(server, "import", path).stdout
