"""Writes small databases in MaxMind's format: https://maxmind.github.io/MaxMind-DB/ (version 2.0).

    write(path, {"1.2.3.0/24": country("CN"), "2001:db8::/32": country("SG")})
"""

import ipaddress
import struct

RECORD_BITS = 24
STRING, UINT16, UINT32, MAP, UINT64, ARRAY = 2, 5, 6, 7, 9, 11


def country(code=None, registered=None):
    """A record as GeoLite2-Country has them; without a code there is no country."""
    record = {"continent": {"code": "XX"}}
    if code:
        record["country"] = {"iso_code": code, "names": {"en": code}}
    if registered:
        record["registered_country"] = {"iso_code": registered}
    return record


def write(path, networks, version=6, kind="Test-Country", built=1795564800):
    """networks: {network as text: record}; the smaller network counts. version 4: a database of IPv4 alone."""
    root = [None, None]
    for text, record in sorted(networks.items(), key=lambda n: ipaddress.ip_network(n[0]).prefixlen):
        _insert(root, _bits(ipaddress.ip_network(text), version), record)
    nodes = _number(root)
    data, tree = b"", b""
    places = {}
    for node in nodes:
        for child in node:
            if isinstance(child, list):
                value = next(i for i, n in enumerate(nodes) if n is child)
            elif child is None:
                value = len(nodes)
            else:
                key = repr(child)
                if key not in places:
                    places[key] = len(data)
                    data += _encode(child)
                value = len(nodes) + 16 + places[key]
            tree += value.to_bytes(RECORD_BITS // 8, "big")
    metadata = {"node_count": (UINT32, len(nodes)), "record_size": (UINT16, RECORD_BITS),
                "ip_version": (UINT16, version),
                "database_type": kind, "languages": ["en"], "binary_format_major_version": (UINT16, 2),
                "binary_format_minor_version": (UINT16, 0), "build_epoch": (UINT64, built),
                "description": {"en": "Made by a test"}}
    path.write_bytes(tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + _encode(metadata))
    return path


def _bits(network, version):
    """IPv4 stands under ::/96 of a tree of IPv6."""
    whole = f"{int(network.network_address):0{network.max_prefixlen}b}"[:network.prefixlen]
    return ("0" * 96 if network.version == 4 and version == 6 else "") + whole


def _insert(node, bits, record):
    for bit in bits[:-1]:
        side = int(bit)
        if not isinstance(node[side], list):
            node[side] = [node[side], node[side]]
        node = node[side]
    node[int(bits[-1])] = record


def _number(root):
    nodes = [root]
    for node in nodes:
        nodes += [child for child in node if isinstance(child, list)]
    return nodes


def _encode(value):
    if isinstance(value, dict):
        return _control(MAP, len(value)) + b"".join(_encode(k) + _encode(v) for k, v in value.items())
    if isinstance(value, list):
        return _control(ARRAY, len(value)) + b"".join(map(_encode, value))
    if isinstance(value, str):
        return _control(STRING, len(value.encode())) + value.encode()
    kind, number = value
    content = struct.pack(">Q", number).lstrip(b"\0")
    return _control(kind, len(content)) + content


def _control(kind, size):
    assert size < 29, "longer ones are not written"
    return bytes([kind << 5 | size]) if kind <= 7 else bytes([size, kind - 7])
