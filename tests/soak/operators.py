"""Those who look after campaigns: by the API, the console, owner links and the command line; and what they print."""

import contextlib
import datetime
import json
import subprocess
import time

from huoma import BINARY, TOKEN, Connection, Lost, build_request, link, once, wechat

PASSWORD = "a soak takes its time"
LASTING = 12            # campaigns that stay, and whose seats are counted at the end
PASSING_MAX = 20        # campaigns beside them
GROUPS_MAX = 7          # of a campaign
ROOM = 150              # seats by which a group is widened, at most
CONSOLES_MAX = 8        # event streams at a time
HOLD_SECONDS = 10       # the least: what is held at the end has to come back


def when(rng, low, high):
    """A moment between so many seconds from now."""
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=rng.uniform(low, high))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Operators:
    def __init__(self, world, stub_port, folder):
        self.world, self.stub_port, self.folder = world, stub_port, folder
        self.made, self.streams, self.sessions = 0, [], []

    def call(self, rng, what, method, path, body=None, good=(200,), **headers):
        """The answer; None if it is not one of the good ones."""
        world, began = self.world, time.monotonic()
        sent = {"Authorization": "Bearer " + TOKEN, **{k.replace("_", "-"): v for k, v in headers.items()}}
        data = b"" if method in ("POST", "PUT") else None
        if body is not None:
            sent["Content-Type"], data = "application/json", json.dumps(body).encode()
        try:
            answer = once(rng.choice(world.servers).admin, method, "/api/v1" + path,
                          {k: v for k, v in sent.items() if v}, data, 30)
        except (OSError, Lost):
            world.judge(what, 0, (), began)
            return None
        return answer if world.judge(what, answer.status, good, began,
                                     answer.text if answer.status >= 500 else path) else None

    # campaigns

    def groups(self, rng, count, lasting):
        made = []
        for _ in range(count):
            self.made += 1
            page = rng.random() < 0.6
            made.append({"url": (wechat if page else link)(self.made),
                         "limit": rng.randrange(5, ROOM) if lasting or rng.random() < 0.9 else None,
                         "weight": rng.randrange(1, 5)})
        return made

    def make(self, rng, lasting=False):
        self.made += 1
        slug = f"{'stays' if lasting else 'goes'}-{self.made}"
        body = {"slug": slug, "title": f"浸泡 {self.made}", "groups": self.groups(rng, rng.randrange(1, 5), lasting),
                "strategy": rng.choice(["fill", "even", "random"]), "hold_seconds": HOLD_SECONDS,
                "confirm": rng.choice(["scan", "tap"])}
        if rng.random() < 0.3:
            body["fallback"] = {"waiting": {"promise_seconds": 60}}
        account = self.world.account(slug, lasting)
        answer = self.call(rng, "campaign.create", "POST", "/campaigns", body, (201, 409))
        if answer is None or answer.status != 201:
            self.world.forget(slug)
            return
        for g in answer.json()["groups"]:
            account.limit(g["id"], g["limit"])

    def show(self, rng, account):
        """A campaign, its limits looked at; None if it is gone, or nobody answers."""
        answer = self.call(rng, "campaign.show", "GET", f"/campaigns/{account.slug}", good=(200, 404))
        if answer is None or answer.status == 404:
            return None
        shown = answer.json()
        for wrong in account.over_limit(shown):
            self.world.complain(wrong)
        return shown

    def patch_group(self, rng, account, group, body):
        if "limit" in body:     # before the answer: somebody may be given the first of these seats sooner
            account.limit(group, body["limit"])
        self.call(rng, "group.change", "PATCH", f"/campaigns/{account.slug}/groups/{group}", body, (200, 404))

    def tend(self, rng):
        """What an operator does all day: sees that there is room, renews codes, replaces a group that expired."""
        account = self.world.any_account(rng)
        shown = self.show(rng, account)
        if not shown or not shown["groups"]:
            return
        g = rng.choice(shown["groups"])
        what = rng.randrange(8)
        if shown["seats"]["free"] is not None and shown["seats"]["free"] < 5 and rng.random() < 0.7:
            self.patch_group(rng, account, g["id"], {"limit": (g["limit"] or 0) + rng.randrange(1, ROOM)})
        elif what == 0:
            self.made += 1
            self.patch_group(rng, account, g["id"], {"url": (wechat if g["platform"] == "wechat" else link)(self.made)})
        elif what == 1:
            self.patch_group(rng, account, g["id"], {"enabled": not g["enabled"]})
        elif what == 2:
            self.patch_group(rng, account, g["id"], {"expires_at": rng.choice([None, when(rng, 1, 60)])})
        elif what == 3:
            self.replace(rng, account, shown)
        elif what == 4:
            order = [row["id"] for row in shown["groups"]]
            rng.shuffle(order)
            self.call(rng, "order", "PUT", f"/campaigns/{account.slug}/order", order, (200, 404, 409, 422))
        elif what == 5:
            self.call(rng, "campaign.change", "PATCH", f"/campaigns/{account.slug}",
                      {"title": f"浸泡 {rng.randrange(1000)}", "strategy": rng.choice(["fill", "even", "random"])},
                      (200, 404, 412),
                      If_Match=f'"{shown["version"]}"')
        else:
            self.patch_group(rng, account, g["id"],
                             {"limit": max(0, g["used"] + rng.randrange(-3, ROOM)), "weight": rng.randrange(1, 9)})

    def replace(self, rng, account, shown):
        if len(shown["groups"]) >= GROUPS_MAX:
            spent = [g for g in shown["groups"] if g["state"] in ("expired", "full", "off")] or shown["groups"]
            self.call(rng, "group.delete", "DELETE", f"/campaigns/{account.slug}/groups/{spent[0]['id']}",
                      good=(204, 404))
            return
        wish = self.groups(rng, 1, True)[0]
        answer = self.call(rng, "group.create", "POST", f"/campaigns/{account.slug}/groups", wish, (201, 404))
        if answer is not None and answer.status == 201:
            g = answer.json()
            account.limit(g["id"], g["limit"])

    def come_and_go(self, rng):
        with self.world.lock:
            passing = list(self.world.passing)
        if len(passing) < PASSING_MAX and (not passing or rng.random() < 0.55):
            self.make(rng)
        elif passing:
            slug = rng.choice(passing)
            if self.call(rng, "campaign.delete", "DELETE", f"/campaigns/{slug}", good=(204, 404)) is not None:
                self.world.forget(slug)

    # what is read

    def read(self, rng):
        slug = self.world.any_account(rng).slug
        by = rng.choice(["hour", "day", "group", "channel", "device"])
        path = rng.choice([f"/campaigns/{slug}/stats?by={by}", f"/campaigns/{slug}/stats?by=day&format=csv",
                           "/campaigns?limit=20", "/campaigns?q=浸泡",
                           f"/campaigns/{slug}/forecast", "/stats", "/audit?limit=20", "/alerts?limit=20",
                           f"/campaigns/{slug}/waiting", "/funnels"])
        self.call(rng, "read", "GET", path.replace("浸泡", "%E6%B5%B8"), good=(200, 404))

    def print(self, rng):
        slug = self.world.any_account(rng).slug
        channels = [f"shop-{n}" for n in range(rng.randrange(1, 12))]
        path, body = rng.choice([("qr.svg", None), ("qr.png?size=400", None), ("qr.pdf", None),
                                 ("poster.pdf?template=card", None),
                                 ("poster.png?template=sticker", None),
                                 ("sheet.pdf", {"channels": channels, "template": "card"}),
                                 ("sheet.csv", {"channels": channels})])
        answer = self.call(rng, "print", "POST" if body else "GET", f"/campaigns/{slug}/{path}", body, (200, 404))
        if answer is not None and answer.status == 200 and not answer.body:
            self.world.complain(f"an empty print: {path}")

    # people with accounts, owners of groups

    def log_in(self, rng):
        """A session comes, is used and is ended, or is left lying."""
        server, began = rng.choice(self.world.servers), time.monotonic()
        host = "127.0.0.1:%d" % server.admin[1]
        sent = {"Content-Type": "application/json", "X-Requested-With": "huoma", "Origin": "http://" + host}
        name = rng.choice(["viewer", "editor", "nobody"])
        try:
            with Connection(server.admin, 30) as c:
                answer = c.request("POST", "/api/v1/session", sent,
                                   json.dumps({"name": name, "password": PASSWORD}).encode(), host)
                if not self.world.judge("log in", answer.status, (200 if name != "nobody" else 401, 429),
                                        began) or answer.status != 200:
                    return
                sent["Cookie"] = answer.header("Set-Cookie").split(";")[0]
                self.world.judge("session", c.request("GET", "/api/v1/me", sent, None, host).status, (200,), began)
                if rng.random() < 0.7:
                    self.world.judge("log out", c.request("DELETE", "/api/v1/session", sent, None, host).status, (204,),
                                     began)
        except (OSError, Lost):
            self.world.judge("log in", 0, (), began)

    def owner(self, rng):
        account = self.world.any_account(rng)
        shown = self.show(rng, account)
        if not shown or not shown["groups"]:
            return
        path = f"/campaigns/{account.slug}/groups/{rng.choice(shown['groups'])['id']}/owner-links"
        made = self.call(rng, "owner link", "POST", path, {}, (201, 404, 409, 422))
        if made is None or made.status != 201:
            return
        proof = {"Authorization": "Owner " + made.json()["url"].split("#owner=")[1]}
        seen = self.call(rng, "owner", "GET", "/owner", good=(200, 401, 404), **proof)
        if seen is not None and seen.status == 200:
            self.made += 1
            wish = {"url": (wechat if seen.json()["group"]["platform"] == "wechat" else link)(self.made)}
            self.call(rng, "owner", "PATCH", "/owner", wish, (200, 401, 404), **proof)
        self.call(rng, "owner link", "DELETE", f"{path}/{made.json()['id']}", good=(204, 404))

    # consoles

    def consoles(self, rng):
        """Event streams that come, are read (or not) for a while, and go (or break)."""
        for stream in list(self.streams):
            c, until, reads = stream
            gone = time.monotonic() > until
            with contextlib.suppress(BlockingIOError):
                try:
                    while reads and (data := c.socket.recv(65536)) is not None:
                        gone = gone or not data
                        if not data:
                            break
                except BlockingIOError:
                    pass
                except OSError:
                    gone = True
            if gone:
                c.reset() if rng.random() < 0.3 else c.close()
                self.streams.remove(stream)
        if len(self.streams) < CONSOLES_MAX and rng.random() < 0.3:
            with contextlib.suppress(OSError, Lost):
                c = Connection(rng.choice(self.world.servers).admin, 5)
                c.send(build_request("GET", "/api/v1/events", {"Authorization": "Bearer " + TOKEN}))
                c.socket.setblocking(False)
                self.streams.append((c, time.monotonic() + rng.uniform(1, 60), rng.random() < 0.85))
                self.world.count("consoles")

    # the command line

    def move(self, rng):
        """An export, which is read again; or a table of campaigns that comes in."""
        server, began = rng.choice(self.world.servers), time.monotonic()
        with self.world.lock:
            room = len(self.world.passing) < PASSING_MAX
        if rng.random() < 0.5 or not room:
            if self.command(server, began, "export", "-o", self.folder / "all.jsonl"):
                self.command(server, began, "import", "--dry-run", self.folder / "all.jsonl")
            return
        rows, slugs = ["slug,title,group,url,limit"], []
        for _ in range(3):
            self.made += 1
            slugs.append(f"goes-{self.made}")
            rows.append(f"{slugs[-1]},Import,One,{link(self.made)},40")
        (self.folder / "in.csv").write_text("\n".join(rows) + "\n")
        self.command(server, began, "import", self.folder / "in.csv")
        # only now, so that nobody deletes one before it is there; one that an outage kept out is asked for in vain
        for slug in slugs:
            self.world.account(slug, False).limit("g1", 40)

    def command(self, server, began, *words):
        try:
            done = subprocess.run([BINARY, *map(str, words), "--redis-url", server.redis.url], capture_output=True,
                                  text=True, timeout=60,
                                  env={k: v for k, v in server.env.items() if k != "HUOMA_ADMIN_TOKEN"}, check=False)
        except subprocess.TimeoutExpired:
            self.world.complain(f"huoma {words[0]}: no end")
            return False
        self.world.count(f"huoma {words[0]}, {'failed' if done.returncode else 'done'}")
        strange = done.returncode > ("--dry-run" in words)  # 1: some campaigns changed since they were exported
        if strange and not self.world.trouble.excuses(began, time.monotonic()):
            self.world.complain(f"huoma {words[0]}: {done.returncode}: {done.stderr.strip()[-300:]}")
        return done.returncode == 0

    # the beginning and the end

    def prepare(self, rng):
        for name in ("viewer", "editor"):
            self.world.servers[0].api("POST", "/users", {"name": name, "password": PASSWORD, "role": name}, 201)
        self.world.servers[0].api("POST", "/alerts/destinations", {
            "kind": "webhook", "name": "soak", "url": f"http://127.0.0.1:{self.stub_port}/hook", "language": "en",
            "secret": "whsec_c29hayBzb2FrIHNvYWsgc29hayBzb2FrIHNvYWs="}, 201)
        for _ in range(LASTING):
            self.make(rng, lasting=True)

    def close(self):
        for c, _, _ in self.streams:
            c.close()
        self.streams.clear()
