"""What is asked by name: DNS, mDNS, TLS, HTTP; and UDP that is neither."""

import struct

from scapy.all import DNS, DNSQR, DNSRR, raw

from kinds import capture
from talk import CLIENT, RESOLVER, SERVER, Tcp, Trace, text

NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5


def question(ident, name, kind="A"):
    return raw(DNS(id=ident, rd=1, qd=DNSQR(qname=name, qtype=kind)))


def reply(ident, name, code=NOERROR, address="203.0.113.77", kind="A"):
    records = [DNSRR(rrname=name, type=kind, ttl=60, rdata=address)] if code == NOERROR else []
    return raw(DNS(id=ident, qr=1, rd=1, ra=1, rcode=code, qd=DNSQR(qname=name, qtype=kind), an=records))


def lookup(t, ident, name, code=NOERROR, port=None, trip=12, kind="A", answers=1, address="203.0.113.77"):
    port = port or 40_000 + ident
    t.udp(CLIENT, RESOLVER, question(ident, name, kind), port, 53).wait(trip)
    for _ in range(answers):
        t.udp(RESOLVER, CLIENT, reply(ident, name, code, address, kind), 53, port, back=True).wait(5)


@capture
def dns():
    t = Trace()
    for ident in range(1, 30):
        lookup(t, ident, f"api{ident % 4}.payments.example", trip=ident)
    lookup(t, 40, "six.example", kind="AAAA", address="2001:db8::77")
    for ident in range(50, 60):
        lookup(t, ident, "no-such-host.example", NXDOMAIN)
    for ident in range(60, 64):
        lookup(t, ident, "broken.example", SERVFAIL, trip=2000)
    lookup(t, 65, "forbidden.example", REFUSED)
    return t


@capture
def dns_unanswered():
    """Asked again and again; answered late, twice, or by nobody; and answers to what nobody asked."""
    t = Trace()
    for ident in range(1, 8):
        for _ in range(3):
            t.udp(CLIENT, RESOLVER, question(ident, "silent.example"), 41_000 + ident, 53).wait(1000)
    lookup(t, 20, "twice.example", answers=2)
    lookup(t, 21, "late.example", trip=9000)
    # The same number and port for other names, one after the other.
    lookup(t, 22, "first.example", port=42_000)
    lookup(t, 22, "second.example", port=42_000)
    t.udp(RESOLVER, CLIENT, reply(99, "nobody-asked.example"), 53, 43_000, back=True)
    return t


@capture
def dns_odd():
    """Names with what is not printable, without any, too long; messages that end early or are no DNS."""
    t = Trace()
    head = struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0)
    names = [b"\x03a.b\x07exa\0ple\0", b"\0", b"\x05<b>&\"\x04\xc3\xa4\xff\x01\0", b"\x3f" + b"a" * 63 + b"\x3f" + b"b" * 63 + b"\0"]
    for number, name in enumerate(names):
        t.udp(CLIENT, RESOLVER, head + name + b"\0\1\0\1", 44_000 + number, 53)
    pointer = head + b"\xc0\x0c\0\1\0\1"
    for number, data in enumerate([head, head[:7], pointer, b"", b"\0" * 12, head + b"\x05exam", b"hello, world: no DNS"]):
        t.udp(CLIENT, RESOLVER, data, 44_100 + number, 53)
    # Two questions in one; an update; a status.
    two = struct.pack(">HHHHHH", 8, 0x0100, 2, 0, 0, 0) + b"\1a\0\0\1\0\1" + b"\1b\0\0\1\0\1"
    t.udp(CLIENT, RESOLVER, two, 44_200, 53)
    t.udp(CLIENT, RESOLVER, struct.pack(">HHHHHH", 9, 0x2800, 1, 0, 0, 0) + b"\4zone\0\0\6\0\1", 44_201, 53)
    return t


@capture
def dns_tcp():
    t = Trace()
    tcp = Tcp(t, server=RESOLVER, ports=(45_000, 53)).open()
    framed = lambda message: struct.pack(">H", len(message)) + message
    tcp.c(framed(question(1, "big.example", "TXT")), "PA").wait(5).s().s(framed(reply(1, "big.example")), "PA").wait(1).c()
    # Two in one segment; one over two segments.
    tcp.c(framed(question(2, "one.example")) + framed(question(3, "two.example")), "PA").wait(5)
    tcp.s(framed(reply(2, "one.example")) + framed(reply(3, "two.example", NXDOMAIN)), "PA").wait(1).c()
    whole = framed(question(4, "parted.example"))
    tcp.c(whole[:20]).wait(1).s().c(whole[20:], "PA").wait(5).s()
    whole = framed(reply(4, "parted.example", SERVFAIL))
    tcp.s(whole[:2]).wait(1).c().s(whole[2:], "PA").wait(1).c()
    tcp.close()
    return t


@capture
def mdns():
    t = Trace()
    for ident in range(6):
        t.udp("10.0.0.7", "224.0.0.251", raw(DNS(id=0, rd=0, qd=DNSQR(qname="printer.local"))), 5353, 5353).wait(50)
        answer = DNS(id=0, qr=1, aa=1, qd=None, an=DNSRR(rrname="printer.local", ttl=120, rdata="10.0.0.9"))
        t.udp("10.0.0.9", "224.0.0.251", raw(answer), 5353, 5353).wait(900)
    # LLMNR and NetBIOS are others' affair.
    t.udp("10.0.0.7", "224.0.0.252", question(5, "wpad"), 50_355, 5355)
    return t


def extension(kind, data):
    return struct.pack(">HH", kind, len(data)) + data


def client_hello(name, before=0):
    """A client hello as browsers send it, with so many bytes of other extensions before the name."""
    extensions = extension(0x0A0A, text(7, before)) if before else b""
    if name is not None:
        entry = struct.pack(">BH", 0, len(name)) + name
        extensions += extension(0, struct.pack(">H", len(entry)) + entry)
    extensions += extension(43, b"\x02\x03\x04") + extension(10, b"\0\2\0\x1d")
    body = b"\3\3" + text(3, 32) + b"\x20" + text(4, 32) + b"\0\4\x13\1\x13\2" + b"\1\0"
    body += struct.pack(">H", len(extensions)) + extensions
    return b"\1" + struct.pack(">I", len(body))[1:] + body


def server_hello():
    extensions = extension(43, b"\3\4")
    body = b"\3\3" + text(5, 32) + b"\x20" + text(4, 32) + b"\x13\1\0" + struct.pack(">H", len(extensions)) + extensions
    return b"\2" + struct.pack(">I", len(body))[1:] + body


def record(kind, data, version=b"\3\3"):
    return bytes([kind]) + version + struct.pack(">H", len(data)) + data


def hello(name, before=0):
    return record(22, client_hello(name, before), b"\3\1")


def after_hello(tcp):
    tcp.s(record(22, server_hello()) + record(20, b"\1") + record(23, text(6, 600)), "PA").wait(2).c()
    tcp.c(record(20, b"\1") + record(23, text(7, 60)), "PA").wait(5).s()
    tcp.s(record(23, text(8, 1200)), "PA").wait(1).c()
    return tcp.close()


@capture
def tls():
    """Names, no name, no TLS on its port, TLS on another port, an alert that can be read."""
    t = Trace()
    for number in range(5):
        name = [b"shop.example", b"api.payments.example"][number % 2]
        after_hello(Tcp(t, ports=(55_000 + number, 443)).open().c(hello(name), "PA").wait(5).s())
    after_hello(Tcp(t, ports=(55_010, 443)).open().c(hello(None), "PA").wait(5).s())
    after_hello(Tcp(t, ports=(55_011, 8443)).open().c(hello(b"other-port.example"), "PA").wait(5).s())
    refused = Tcp(t, ports=(55_012, 443)).open().c(hello(b"unknown.example"), "PA").wait(5).s()
    refused.s(record(21, b"\2\x70"), "PA").wait(1).c().s(flags="FA").wait(1).c(flags="FA").wait(1).s()
    plain = Tcp(t, ports=(55_013, 443)).open().c(b"GET / HTTP/1.1\r\n\r\n", "PA").wait(5).s()
    plain.s(b"HTTP/1.1 400 Bad Request\r\n\r\n", "PA").wait(1).c()
    return t


@capture
def tls_split():
    """Hellos over two segments and three, over two records, behind 2 kB of others, and one sent again."""
    t = Trace()
    whole = hello(b"halved.example")
    tcp = Tcp(t, ports=(55_100, 443)).open().c(whole[:90]).c(whole[90:], "PA").wait(5).s()
    after_hello(tcp)
    whole = hello(b"in-three.example")
    tcp = Tcp(t, ports=(55_101, 443)).open().c(whole[:3]).wait(1).s().c(whole[3:130]).c(whole[130:], "PA").wait(5).s()
    after_hello(tcp)
    message = client_hello(b"two-records.example")
    tcp = Tcp(t, ports=(55_102, 443)).open().c(record(22, message[:80], b"\3\1") + record(22, message[80:], b"\3\1"), "PA").wait(5).s()
    after_hello(tcp)
    whole = hello(b"post-quantum.example", before=1800)
    tcp = Tcp(t, ports=(55_103, 443)).open().c(whole[:1400]).c(whole[1400:], "PA").wait(5).s()
    after_hello(tcp)
    whole = hello(b"again.example")
    tcp = Tcp(t, ports=(55_104, 443)).open().c(whole, "PA").wait(300).c(whole, "PA", seq=1).wait(5).s()
    after_hello(tcp)
    return t


@capture
def http():
    t = Trace()
    tcp = Tcp(t, "192.0.2.33", CLIENT, (56_000, 80)).open()
    for number in range(3):
        tcp.c(b"GET /basket HTTP/1.1\r\nHost: shop.example\r\n\r\n", "PA").wait(3).s()
        body = b"<html>" + b"x" * (400 + number * 1000)
        whole = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        for start in range(0, len(whole), 1400):
            tcp.s(whole[start : start + 1400], "PA").wait(1).c()
    tcp.close()
    return t


@capture
def udp_others():
    """NTP, DHCP, QUIC, SNMP, syslog, RTP-like and nothing known; no payload; a zero checksum."""
    t = Trace()
    t.udp(CLIENT, "198.51.100.123", b"\x23" + text(1, 47), 123, 123)
    t.udp("0.0.0.0", "255.255.255.255", b"\1\1\6\0" + text(2, 232) + b"\x63\x82\x53\x63\x35\1\1\xff", 68, 67)
    for number in range(5):
        t.udp(CLIENT, SERVER, b"\xc3\0\0\0\1\x08" + text(number, 1200), 57_000, 443).wait(3)
        t.udp(SERVER, CLIENT, b"\x43" + text(number, 800), 443, 57_000, back=True).wait(3)
    t.udp(CLIENT, "10.0.0.20", text(9, 400), 50_514, 514)
    for number in range(20):
        t.udp(CLIENT, "10.0.0.30", text(number, 160), 5004, 5004).wait(20)
    t.udp(CLIENT, "10.0.0.31", b"", 40_404, 40_405)
    return t
