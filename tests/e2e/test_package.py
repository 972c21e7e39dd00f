"""The Debian package, really installed: into a copy of this system that is thrown away (overlayfs in a mount
namespace)."""

import os
import pathlib
import subprocess

import pytest

from huoma import BINARY

BUILD = pathlib.Path(BINARY).resolve().parent
ROOT = pathlib.Path(__file__).resolve().parents[2]

# Runs as root of the copy; each line that it prints is one fact.
INSIDE = r"""
set -e
say() { echo "FACT $*"; }
dpkg -i /package.deb >/dev/null
say user $(getent passwd huoma | cut -d: -f6,7)
say config $(stat -c '%U:%G %a' /etc/huoma/huoma.json)
say data $(stat -c '%U:%G %a' /var/lib/huoma)
say version $(huoma --version)
say man $(man -w huoma)
printf '{"listen":"127.0.0.1:0","admin_listen":"127.0.0.1:0","data_dir":"/var/lib/huoma"}' > /etc/huoma/huoma.json
runuser -u huoma -- huoma serve --config /etc/huoma/huoma.json --ready-file /var/lib/huoma/ready --demo \
  >/var/lib/huoma/log 2>&1 &
for i in $(seq 1000); do [ ! -s /var/lib/huoma/ready ] || break; sleep 0.02; done
public=$(sed -E 's/.*"public":"([^"]+)".*/\1/' /var/lib/huoma/ready)
say scan $(curl -s -o /dev/null -w '%{http_code}' \
  -A 'Mozilla/5.0 (Linux; Android 14) Chrome/120.0 Mobile' "$public/demo")
say backup $(huoma-backup /var/lib/huoma/copy.rdb | cut -d: -f1)
pkill -TERM -x huoma || true
wait
say stopped $(grep -c 'event=stopped' /var/lib/huoma/log)
rm /var/lib/huoma/ready
huoma serve --user huoma --listen 127.77.0.1:81 --admin-listen 127.0.0.1:0 --data-dir /var/lib/huoma \
  --ready-file /var/lib/huoma/ready >/var/lib/huoma/log 2>&1 &
for i in $(seq 1000); do [ ! -s /var/lib/huoma/ready ] || break; sleep 0.02; done
pid=$(sed -E 's/.*"pid":([0-9]+).*/\1/' /var/lib/huoma/ready)
say root-left $(cat /proc/$pid/task/*/status $(pgrep -f unixsocket | sed 's,.*,/proc/&/status,') |
  awk '/^(Uid|CapPrm|NoNewPrivs|Seccomp):/{$1=$1; print}' | sort -u | sed "s/ $(id -u huoma)/ u/g" | tr '\n' ' ')
say low-port $(curl -s -o /dev/null -w '%{http_code}' http://127.77.0.1:81/healthz)
kill $pid
wait
dpkg -i --force-confdef --force-confold /package.deb >/dev/null
say upgrade-keeps-config $(grep -c '"listen":"127.0.0.1:0"' /etc/huoma/huoma.json)
say upgrade-keeps-data $(ls -d /var/lib/huoma/appendonly* | wc -l)
dpkg -r huoma >/dev/null
say removed-keeps-config $(ls /etc/huoma)
dpkg -P huoma >/dev/null
say purged-config $(ls -d /etc/huoma 2>/dev/null | wc -l)
say purged-keeps-seats $(ls -d /var/lib/huoma/appendonly* | wc -l)
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    subprocess.run(["cpack", "--config", BUILD / "CPackConfig.cmake", "-B", folder, "-D",
                    "CPACK_DEBIAN_COMPRESSION_TYPE=gzip"],
                   check=True, capture_output=True, timeout=120)
    return next(folder.glob("huoma_*.deb"))


def in_a_copy(package, script, folder):
    outside = f"""
set -e
mount -t tmpfs tmpfs {folder}
cd {folder}
mkdir upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=$PWD/upper,workdir=$PWD/work root
mount -t proc proc root/proc
mount --bind /dev root/dev
mount -t tmpfs tmpfs root/tmp
cp {package} root/package.deb
exec chroot root bash -s
"""
    return subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-c", outside],
                          input=script, capture_output=True, text=True,
                          timeout=120,
                          env={"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "ASAN_OPTIONS": "detect_leaks=0",
                               "LC_ALL": "C.UTF-8"})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
def test_it_installs_serves_upgrades_and_goes_without_breaking_anything(package, tmp_path):
    ran = in_a_copy(package, INSIDE, tmp_path)
    facts = dict(line.split(" ", 2)[1:] for line in ran.stdout.splitlines() if line.startswith("FACT ")
                 and line.count(" ") > 1)
    version = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    assert ran.returncode == 0, (ran.stderr[-3000:], facts)
    assert facts == {
        "user": "/var/lib/huoma:/usr/sbin/nologin", "config": "root:huoma 640", "data": "huoma:huoma 700",
        "version": version,
        "man": "/usr/share/man/man1/huoma.1", "scan": "200", "backup": "/var/lib/huoma/copy.rdb", "stopped": "1",
        "root-left": "CapPrm: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 Uid: u u u u", "low-port": "200",
        "upgrade-keeps-config": "1", "upgrade-keeps-data": "1", "removed-keeps-config": "huoma.json",
        "purged-config": "0", "purged-keeps-seats": "1",
    }


@pytest.mark.parametrize("unit", ["huoma.service", "huoma@.service"])
def test_the_service_is_well_formed_and_shut_in(unit, tmp_path):
    """systemd-analyze counts what the unit leaves open, from 0 to 10."""
    copy = tmp_path / unit
    copy.write_text((ROOT / "deploy" / unit).read_text().replace("/usr/bin/huoma ", f"{BINARY} "))
    for words in (["verify", "--man=no"], ["security", "--offline=yes", "--threshold=20", "--no-pager"]):
        judged = subprocess.run(["systemd-analyze", *words, copy], capture_output=True, text=True, timeout=60)
        assert judged.returncode == 0, judged.stdout[-400:] + judged.stderr
        assert unit not in judged.stderr, judged.stderr


def test_the_two_services_are_shut_in_alike():
    plain, one_of_two = ((ROOT / "deploy" / name).read_text().splitlines()
                         for name in ("huoma.service", "huoma@.service"))
    own = ("Description", "Exec", "StateDirectory=", "RuntimeDirectory=", "#")
    assert [line for line in plain if not line.startswith(own)] == \
        [line for line in one_of_two if not line.startswith(own)]


def test_what_it_depends_on_is_named(package):
    said = subprocess.run(["dpkg-deb", "-f", package, "Depends"], capture_output=True, text=True, check=True).stdout
    for name in ("redis-server", "fonts-noto-cjk", "ca-certificates", "libevent-2.1-7", "libcurl4"):
        assert name in said
