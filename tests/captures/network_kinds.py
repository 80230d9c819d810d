"""ICMP, fragments, and what stands between the link and the transport."""

from scapy.all import (
    AH, GRE, ICMP, IP, TCP, UDP, VXLAN, Dot1AD, Dot1Q, Ether, ICMPv6DestUnreach, ICMPv6EchoReply,
    ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6PacketTooBig, ICMPv6TimeExceeded, IPv6,
    IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN, Raw,
    RouterAlert, fragment, fragment6, raw,
)

from kinds import capture
from talk import CLIENT, CLIENT_MAC, RESOLVER, SERVER, SERVER_MAC, Tcp, Trace, ip_frame, text

SIX, OTHER_SIX = "2001:db8::4", "2001:db8:77::1"


@capture
def icmp_errors():
    t = Trace()
    for number in range(8):
        t.see(ip_frame(CLIENT, SERVER) / ICMP(id=7, seq=number) / Raw(text(number, 56))).wait(7)
        if number < 6:
            t.see(ip_frame(SERVER, CLIENT, True) / ICMP(type=0, id=7, seq=number) / Raw(text(number, 56))).wait(900)
    lost = IP(src=CLIENT, dst=SERVER, id=9) / UDP(sport=40_000, dport=33_434) / Raw(b"traceroute")
    for code in (0, 1, 3, 3, 3, 10, 13):
        t.see(ip_frame("198.51.100.1", CLIENT, True) / ICMP(type=3, code=code) / Raw(raw(lost)[:28]))
    t.see(ip_frame("198.51.100.1", CLIENT, True) / ICMP(type=3, code=4, nexthopmtu=1400) / Raw(raw(lost)[:28]))
    for hop in range(4):
        t.see(ip_frame(f"198.51.100.{hop + 1}", CLIENT, True) / ICMP(type=11, code=0) / Raw(raw(lost)[:28]))
    t.see(ip_frame("198.51.100.1", CLIENT, True) / ICMP(type=11, code=1) / Raw(raw(lost)[:28]))
    t.see(ip_frame("198.51.100.1", CLIENT, True) / ICMP(type=5, code=1, gw="10.0.0.2") / Raw(raw(lost)[:28]))
    t.see(ip_frame("198.51.100.1", CLIENT, True) / ICMP(type=12, code=0) / Raw(raw(lost)[:28]))
    t.see(ip_frame(CLIENT, SERVER) / ICMP(type=13))
    # What bounced was TCP: the SYN in it is nobody's segment here.
    syn = IP(src=CLIENT, dst=SERVER, id=9) / TCP(sport=40_001, dport=4430, flags="S", seq=5)
    t.see(ip_frame("198.51.100.1", CLIENT, True) / ICMP(type=3, code=1) / Raw(raw(syn)))
    return t


@capture
def icmpv6():
    t = Trace()
    for number in range(4):
        t.see(ip_frame(SIX, OTHER_SIX) / ICMPv6EchoRequest(id=3, seq=number, data=b"x" * 40)).wait(5)
        t.see(ip_frame(OTHER_SIX, SIX, True) / ICMPv6EchoReply(id=3, seq=number, data=b"x" * 40)).wait(900)
    t.see(ip_frame("fe80::4", "ff02::1:ff00:1") / ICMPv6ND_NS(tgt="fe80::1"))
    t.see(ip_frame("fe80::1", "fe80::4", True) / ICMPv6ND_NA(tgt="fe80::1", R=1, S=1))
    lost = raw(IPv6(src=SIX, dst=OTHER_SIX) / UDP(sport=40_000, dport=33_434) / Raw(b"lost"))
    for code in (0, 1, 3, 4, 4):
        t.see(ip_frame(OTHER_SIX, SIX, True) / ICMPv6DestUnreach(code=code) / Raw(lost))
    t.see(ip_frame(OTHER_SIX, SIX, True) / ICMPv6PacketTooBig(mtu=1280) / Raw(lost))
    t.see(ip_frame(OTHER_SIX, SIX, True) / ICMPv6TimeExceeded() / Raw(lost))
    return t


@capture
def ipv4_fragments():
    """UDP and TCP in pieces: whole, out of order, without the first, without the last, again."""
    t = Trace()
    pieces = lambda ident, data: fragment(ip_frame(CLIENT, SERVER, ident=ident) / UDP(sport=60_000, dport=60_001) / Raw(data), 1400)
    for piece in pieces(1, text(1, 4000)):
        t.see(piece)
    for piece in reversed(pieces(2, text(2, 3000))):
        t.see(piece)
    for piece in pieces(3, text(3, 4000))[1:]:
        t.see(piece)
    for piece in pieces(4, text(4, 4000))[:-1]:
        t.see(piece)
    again = pieces(5, text(5, 2000))
    for piece in again + again:
        t.see(piece)
    segment = ip_frame(CLIENT, SERVER, ident=6) / TCP(sport=60_002, dport=4430, flags="PA", seq=5, ack=6) / Raw(text(6, 2000))
    for piece in fragment(segment, 800):
        t.see(piece)
    # So small that the transport's header is in two.
    for piece in fragment(ip_frame(CLIENT, SERVER, ident=7) / TCP(sport=60_003, dport=4430, flags="S"), 8):
        t.see(piece)
    for piece in fragment(ip_frame(CLIENT, SERVER, ident=8) / ICMP() / Raw(text(8, 3000)), 1480):
        t.see(piece)
    return t


@capture
def ipv6_fragments():
    t = Trace()
    def pieces(ident, data):
        header = Ether(src=CLIENT_MAC, dst=SERVER_MAC) / IPv6(src=SIX, dst=OTHER_SIX)
        return fragment6(header / IPv6ExtHdrFragment(id=ident) / UDP(sport=60_000, dport=60_001) / Raw(data), 1280)
    for piece in pieces(1, text(1, 4000)):
        t.see(piece)
    for piece in pieces(2, text(2, 4000))[1:]:
        t.see(piece)
    # One that is whole in itself.
    t.see(ip_frame(SIX, OTHER_SIX) / IPv6ExtHdrFragment(id=3) / UDP(sport=60_000, dport=60_001) / Raw(b"atom"))
    return t


@capture
def ipv6_extensions():
    t = Trace()
    end = UDP(sport=60_010, dport=60_011) / Raw(b"behind it all")
    hop = IPv6ExtHdrHopByHop(options=[RouterAlert()])
    routing = IPv6ExtHdrRouting(addresses=["2001:db8::99"])
    for headers in ([hop], [IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)])], [routing], [hop, routing, IPv6ExtHdrDestOpt()]):
        frame = ip_frame(SIX, OTHER_SIX)
        for header in headers:
            frame = frame / header
        t.see(frame / end)
    t.see(ip_frame(SIX, OTHER_SIX) / AH(spi=1, seq=1, payloadlen=4, icv=b"\0" * 12, nh=17) / end)
    # No next header, and one that nobody knows.
    t.see(Ether(src=CLIENT_MAC, dst=SERVER_MAC) / IPv6(src=SIX, dst=OTHER_SIX, nh=59) / Raw(b"nothing"))
    t.see(Ether(src=CLIENT_MAC, dst=SERVER_MAC) / IPv6(src=SIX, dst=OTHER_SIX, nh=200) / Raw(b"something"))
    return t


@capture
def ipv4_options():
    """Headers with options, a length of none (as offloading leaves it), too short ones, other protocols."""
    t = Trace()
    ether = Ether(src=CLIENT_MAC, dst=SERVER_MAC)
    option = IP(src=CLIENT, dst=SERVER, options=[b"\x94\x04\0\0"])
    t.see(ether / option / UDP(sport=60_020, dport=60_021) / Raw(b"router alert"))
    t.see(ether / IP(src=CLIENT, dst=SERVER, len=0) / TCP(sport=60_022, dport=4430, flags="PA", seq=1, ack=1) / Raw(text(1, 3000)))
    for protocol in (2, 47, 50, 51, 89, 103, 112, 132, 4, 41, 253):
        t.see(ether / IP(src=CLIENT, dst=SERVER, proto=protocol) / Raw(text(protocol, 40)))
    # Ends within a header; a header's length below the least; a version that is none; a length beyond the frame.
    whole = raw(ether / IP(src=CLIENT, dst=SERVER) / TCP(sport=60_023, dport=4430))
    for end in (14, 20, 33, 34, 37, 40, 53):
        t.see(whole[:end])
    t.see(whole[:14] + b"\x44" + whole[15:])
    t.see(whole[:14] + b"\x75" + whole[15:])
    t.see(ether / IP(src=CLIENT, dst=SERVER, len=9000) / UDP(sport=60_024, dport=60_025, len=8980) / Raw(b"short"))
    return t


@capture
def vlan():
    t = Trace()
    for tags in ([Dot1Q(vlan=10)], [Dot1Q(vlan=10), Dot1Q(vlan=20)], [Dot1AD(vlan=100), Dot1Q(vlan=20)]):
        tcp = Tcp(t, ports=(50_000 + len(tags), 4430 + tags[0].vlan))
        def tagged(frame, tags=tags):
            whole = Ether(src=frame.src, dst=frame.dst)
            for tag in tags:
                whole = whole / tag.copy()
            return whole / frame.payload
        tcp.wrap = tagged
        tcp.open().c(text(1, 100), "PA").wait(5).s(text(2, 200), "PA").wait(1).c()
        tcp.close()
    # A priority tag, ARP in a VLAN, and a tag with nothing behind it.
    t.see(Ether(src=CLIENT_MAC, dst=SERVER_MAC) / Dot1Q(vlan=0, prio=5) / IP(src=CLIENT, dst=SERVER) / UDP(sport=1, dport=2) / Raw(b"x"))
    t.see(bytes.fromhex("123456789abc000d3a2000048100000a"))
    return t


@capture
def tunnels():
    """GRE, VXLAN, IP in IP, 6in4."""
    t = Trace()
    inner = IP(src="192.168.1.1", dst="192.168.1.2") / UDP(sport=7000, dport=7001) / Raw(b"inside")
    six = IPv6(src=SIX, dst=OTHER_SIX) / UDP(sport=7000, dport=7001) / Raw(b"inside")
    t.see(ip_frame(CLIENT, SERVER) / GRE() / inner)
    t.see(ip_frame(CLIENT, SERVER) / inner)
    t.see(ip_frame(CLIENT, SERVER) / six)
    t.see(ip_frame(SIX, OTHER_SIX) / inner)
    ethernet = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
    t.see(ip_frame(CLIENT, SERVER) / UDP(sport=48_000, dport=4789) / VXLAN(vni=5) / ethernet / inner)
    return t
