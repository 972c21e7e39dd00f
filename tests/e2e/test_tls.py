"""Redis behind TLS: by stunnel, set up as docs/scale.md says."""

import pathlib
import re
import subprocess

from huoma import Program, RedisServer, Server, Visitor, page_groups, wait_for
from redis_groups import free_ports

DOCS = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "scale.md"


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj",
                    "/CN=redis.example.com", "-addext", "subjectAltName=DNS:redis.example.com", "-keyout",
                    folder / "key.pem",
                    "-out", folder / "cert.pem"], check=True, capture_output=True)


def test_a_tunnel_of_stunnel_carries_all_that_is_said_to_redis(tmp_path, slug):
    certificate(tmp_path)
    tls, plain = free_ports(2)
    block = re.search(r"^    \[redis\]\n(?:    .*\n)+", DOCS.read_text(), re.M).group(0).replace("    ", "")
    for doc, here in (("127.0.0.1:6380", f"127.0.0.1:{plain}"), ("redis.example.com:6379", f"127.0.0.1:{tls}"),
                      ("/etc/ssl/certs/ca-certificates.crt", str(tmp_path / "cert.pem"))):
        assert doc in block
        block = block.replace(doc, here)
    (tmp_path / "stunnel.conf").write_text("foreground = yes\npid =\n" + block)
    options = ["--tls-port", tls, "--tls-cert-file", tmp_path / "cert.pem", "--tls-key-file", tmp_path / "key.pem",
               "--tls-ca-cert-file", tmp_path / "cert.pem", "--tls-auth-clients", "no"]
    with RedisServer(options=options) as redis, Program("stunnel") as tunnel:
        tunnel.spawn(["stunnel", tmp_path / "stunnel.conf"])
        wait_for("stunnel", lambda: tunnel.lives() and "Configuration successful" in tunnel.log())
        with Server(workers=1, redis=redis, redis_url=f"redis://127.0.0.1:{plain}/0") as server:
            server.create(slug, page_groups(3))
            visitor = Visitor(server, slug)
            assert visitor.scan().group == "g1"
            assert visitor.confirm().status == 204
            assert redis.client().hget(f"hm:{{{slug}}}:seats", "u:g1") == "1"
