"""Those who scan: people, machines that look, and clients that are slow or broken."""

import contextlib
import time
import urllib.parse

from huoma import PHONE, Connection, Lost, build_request, once, seat_of

AGENTS = [PHONE,
          "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile "
          "Safari/537.36",
          "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
          "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 QQ/9.0.60 Mobile/15E148",
          "curl/8.0", ""]
LOOKERS = [{"User-Agent": "facebookexternalhit/1.1"}, {"User-Agent": "WhatsApp/2.23.20.0"},
           {"User-Agent": "Slackbot-LinkExpanding 1.0"},
           {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, {"User-Agent": PHONE, "Sec-Purpose": "prefetch"}]
CHANNELS = ["", "", "", "/shop-1", "/shop-2", "/lamp-7"]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PEOPLE_MAX = 600        # who may come back
DRIPS_MAX = 8           # slow clients at a time
GARBAGE = [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET /\r\n\r\n",
           b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"\r\n\r\n\r\n",
           b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           b"GET /x HTTP/9.9\r\n\r\n"]


class Person:
    """A phone that scanned: its cookies, and whether its seat is confirmed."""

    def __init__(self, account, rng):
        self.account, self.cookies, self.confirmed = account, {}, False
        self.headers = {"User-Agent": rng.choice(AGENTS), "Accept-Language": rng.choice(["zh-CN", "en-GB,en"]),
                        "X-Forwarded-For": f"100.{rng.randrange(64, 128)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"}


class Visitors:
    def __init__(self, world):
        self.world, self.people, self.drips = world, [], []

    def ask(self, rng, what, person, method, path, good, form=None):
        """The answer, None if there was none, or none that is good."""
        world, began = self.world, time.monotonic()
        headers = dict(person.headers)
        if person.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in person.cookies.items())
        body = None if method in ("GET", "HEAD") else b""
        if form is not None:
            headers, body = {**headers, **FORM}, urllib.parse.urlencode(form).encode()
        try:
            answer = once(rng.choice(world.servers).public, method, path, headers, body)
        except (OSError, Lost):
            world.judge(what, 0, (), began)
            return None
        world.times.append(time.monotonic() - began)
        if not world.judge(what, answer.status, good, began):
            return None
        for line in answer.all("Set-Cookie"):
            name, value = line.split(";")[0].split("=", 1)
            if "Max-Age=0" in line:
                person.cookies.pop(name, None)
            else:
                person.cookies[name] = value
        return answer

    # people

    def visit(self, rng):
        """One who comes, anew or again, and does what people do."""
        person = None
        if self.people and rng.random() < 0.35:
            with self.world.lock:
                person = self.people.pop(rng.randrange(len(self.people))) if self.people else None
        person = person or Person(self.world.any_account(rng), rng)
        self.scan(rng, person)
        if "hm" in person.cookies:
            for act, share in ((self.confirm, 0.6), (self.next, 0.06), (self.scan, 0.1)):
                if rng.random() < share and "hm" in person.cookies:
                    act(rng, person)
        elif rng.random() < 0.5:
            rng.choice([self.press, self.wait])(rng, person)
        with self.world.lock:
            if len(self.people) < PEOPLE_MAX:
                self.people.append(person)

    def took(self, person, answer):
        """An answer that may have brought a seat."""
        if answer is None:
            person.account.no_answer()
        elif answer.cookie and answer.cookie[1].get("max-age") != "0":
            person.confirmed = not person.account.told(answer.cookie[0])
        return answer

    def scan(self, rng, person):
        path = f"/{person.account.slug}{rng.choice(CHANNELS)}"
        self.took(person, self.ask(rng, "scan", person, "GET", path, self.good(person, 200, 302)))

    def good(self, person, *statuses):
        """A campaign that is deleted in this moment is not there; one that lasts always is."""
        return statuses if person.account.slug in self.world.lasting else (*statuses, 404)

    def confirm(self, rng, person):
        group = seat_of(person.cookies["hm"])[1]
        answer = self.ask(rng, "confirm", person, "POST", f"/{person.account.slug}/seat",
                          self.good(person, 200, 204, 302, 303, 409))
        # Where their group is gone the button takes them another seat (302, 303), or says that all is full (200).
        if answer is None or answer.status in (302, 303):
            self.took(person, answer)
        elif answer.status == 204 and not person.confirmed:
            person.confirmed = True
            person.account.kept(group)

    def next(self, rng, person):
        was, group = person.confirmed, seat_of(person.cookies["hm"])[1]
        if was:
            # also if it can't be given up, or nobody answers: then more is counted than is sure
            person.account.left(group)
        self.took(person,
                  self.ask(rng, "next", person, "POST", f"/{person.account.slug}/next", self.good(person, 200, 303)))

    def press(self, rng, person):
        """The button of a page that asks before it takes a seat; elsewhere it leads back to the campaign."""
        self.took(person,
                  self.ask(rng, "press", person, "POST", f"/{person.account.slug}", self.good(person, 200, 302, 303),
                           {"tap": "1"}))

    def wait(self, rng, person):
        """Full: joins the list where there is one, looks, gives up now and then."""
        form = rng.choice([{"wait": "join", "name": f"访客{rng.randrange(1000)}"}, {"wait": "look"}, {"wait": "leave"}])
        # What else comes is the page of a campaign without a list, which knows no such request.
        self.ask(rng, "wait", person, "POST", f"/{person.account.slug}", self.good(person, 200, 303, 404, 405, 409),
                 form)

    # machines

    def look(self, rng):
        person = Person(self.world.any_account(rng), rng)
        head = rng.random() < 0.3
        if not head:
            person.headers.update(rng.choice(LOOKERS))
        answer = self.ask(rng, "preview", person, "HEAD" if head else "GET", "/" + person.account.slug,
                          self.good(person, 200))
        if answer is not None and answer.status == 200 and (answer.cookie or answer.header("Huoma-Preview") != "1"):
            self.world.complain(f"a preview took a seat: {answer!r}")

    # slow and broken

    def break_off(self, rng):
        account, address = self.world.any_account(rng), rng.choice(self.world.servers).public
        request = build_request("GET", "/" + account.slug, {"User-Agent": PHONE})
        self.world.count("broken clients")
        with contextlib.suppress(OSError, Lost):
            c = Connection(address, 2)
            how = rng.randrange(5)
            if how == 0:
                c.send(rng.choice(GARBAGE))
                with contextlib.suppress(TimeoutError):
                    c.socket.recv(4096)
                c.close()
            elif how == 1:
                c.send(request[:rng.randrange(1, len(request) - 4)])
                c.reset()
            elif how == 2:
                account.no_answer()
                c.send(request)
                c.reset()
            elif how == 3:
                for _ in range(3):
                    account.no_answer()
                c.send(request * 3)
                c.half_close()
                c.receive()
                c.close()
            else:
                self.drips.append((c, request[:-4], [0]))
        while len(self.drips) > DRIPS_MAX:
            self.drips.pop(0)[0].close()

    def drip(self, rng):
        """A byte from each of the slow ones, who never come to their end."""
        for row in list(self.drips):
            c, request, at = row
            try:
                c.socket.send(request[at[0]:at[0] + 1] or b"a")
                at[0] += 1
                c.socket.setblocking(False)
                if c.socket.recv(4096) == b"":
                    raise ConnectionError
            except BlockingIOError:
                continue
            except OSError:
                c.close()
                with contextlib.suppress(ValueError):
                    self.drips.remove(row)

    def close(self):
        for c, _, _ in self.drips:
            c.close()
        self.drips.clear()
