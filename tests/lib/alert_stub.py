"""The other side of alerts: an HTTP server that keeps what it is sent and answers as it is told, and a mail server that
does."""

import collections
import email
import email.policy
import http.server
import json
import socketserver
import ssl
import threading

Got = collections.namedtuple("Got", "path headers body")


class Stub:
    """`gates[path]`: an Event that an answer waits for. `answers[path]`: a list of (status, body, headers) that are
    given in turn, the last one again and again; else 200 {"errcode":0,
    "code":0}. `got`: all requests, in order."""

    def __init__(self, certificate=None):
        self.got, self.answers, self.gates, self.lock = [], {}, {}, threading.Lock()
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path = self.path.split("?")[0]
                with stub.lock:
                    stub.got.append(Got(self.path, dict(self.headers.items()), body))
                    told = stub.answers.get(path)
                    status, answer, headers = (told.pop(0) if len(told) > 1
                                               else told[0]) if told else (200, '{"errcode":0,"code":0}', {})
                if path in stub.gates:
                    stub.gates[path].wait(60)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                answer = answer if isinstance(answer, bytes) else answer.encode()
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                try:
                    self.wfile.write(answer)
                except OSError:
                    pass  # an answer that is too long is broken off

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificate:  # (certificate, key)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def to(self, path):
        """What came to a path, its bodies as JSON."""
        with self.lock:
            return [Got(g.path, g.headers, json.loads(g.body)) for g in self.got if g.path.split("?")[0] == path]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class MailStub:
    """Speaks as much SMTP as it takes to be sent a mail. `mails`: (from, [to], message, login)."""

    def __init__(self, refuse=None):
        self.mails, self.refuse = [], refuse
        stub = self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, line):
                self.wfile.write(line.encode() + b"\r\n")

            def handle(self):
                sender, to, login = None, [], None
                self.say("220 stub")
                while line := self.rfile.readline().decode().strip():
                    word = line.split(" ")[0].upper()
                    if word == "EHLO":
                        self.say("250-stub"), self.say("250 AUTH PLAIN")
                    elif word == "AUTH":
                        login = line
                        if line.upper() == "AUTH PLAIN":
                            self.say("334 ")
                            login = self.rfile.readline().decode().strip()
                        self.say("235 welcome")
                    elif word == "MAIL":
                        sender = line
                        self.say("250 ok")
                    elif word == "RCPT":
                        to.append(line)
                        self.say(stub.refuse or "250 ok")
                    elif word == "DATA":
                        self.say("354 go on")
                        data = b""
                        while not data.endswith(b"\r\n.\r\n"):
                            data += self.rfile.readline()
                        message = email.message_from_bytes(data[:-5], policy=email.policy.default)
                        stub.mails.append((sender, to, message, login))
                        self.say("250 taken as 42")
                    elif word == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("502 what")

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
