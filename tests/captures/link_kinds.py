"""What lies under IP: other links than Ethernet, other than IP on Ethernet, frames of all sizes."""

import struct

from scapy.all import ARP, IP, LLC, SNAP, STP, UDP, Dot3, Ether, Raw, raw

from files import IPV4, LOOP, NULL, RAW, SLL, SLL2, Packet, pcap
from kinds import capture
from talk import CLIENT, CLIENT_MAC, SERVER, SERVER_MAC, Tcp, Trace, ip_frame, text
from tcp_kinds import tcp_fast_retransmission, tcp_plain


def relinked(link, head):
    """A plain and a troubled connection behind another link's header; `head` has the Ethernet type and the number."""
    packets = tcp_plain().packets + [Packet(p.at + 10**10, p.data, p.length) for p in tcp_fast_retransmission().packets]
    out = []
    for number, p in enumerate(packets):
        kind = struct.unpack(">H", p.data[12:14])[0]
        out.append(Packet(p.at, head(kind, number) + p.data[14:]))
    return pcap(out, link=link)


@capture
def link_sll():
    """Linux's "any" interface: type of packet, ARPHRD, address, protocol."""
    return relinked(SLL, lambda kind, n: struct.pack(">HHH8sH", 4 * (n % 2), 1, 6, b"\0\x0d\x3a\x20\0\4", kind))


@capture
def link_sll2():
    return relinked(SLL2, lambda kind, n: struct.pack(">HHIHBB8s", kind, 0, 2 + n % 2, 1, 4 * (n % 2), 6, b"\0\x0d\x3a\x20\0\4"))


@capture
def link_raw():
    return relinked(RAW, lambda kind, n: b"")


@capture
def link_ipv4():
    four = [p for p in tcp_plain().packets if p.data[12:14] == b"\x08\0"]
    return pcap([Packet(p.at, p.data[14:]) for p in four], link=IPV4)


@capture
def link_null():
    """BSD's loopback: the family in the machine's own byte order; IPv6 has three numbers."""
    return relinked(NULL, lambda kind, n: struct.pack("<I", 2 if kind == 0x0800 else (24, 28, 30)[n % 3]))


@capture
def link_null_big():
    """The same of a machine with the other order."""
    return relinked(NULL, lambda kind, n: struct.pack(">I", 2 if kind == 0x0800 else 30))


@capture
def link_loop():
    return relinked(LOOP, lambda kind, n: struct.pack(">I", 2 if kind == 0x0800 else 24))


@capture
def link_unknown():
    """A link that nobody knows (a user's own)."""
    return pcap(tcp_plain().packets, link=147)


@capture
def arp():
    t = Trace()
    for number in range(5):
        t.see(Ether(src=CLIENT_MAC, dst="ff:ff:ff:ff:ff:ff") / ARP(hwsrc=CLIENT_MAC, psrc=CLIENT, pdst=f"10.0.0.{number + 1}")).wait(1)
        t.see(Ether(src=SERVER_MAC, dst=CLIENT_MAC) / ARP(op=2, hwsrc=SERVER_MAC, psrc=f"10.0.0.{number + 1}", hwdst=CLIENT_MAC, pdst=CLIENT)).wait(900)
    t.see(Ether(src=CLIENT_MAC, dst="ff:ff:ff:ff:ff:ff") / ARP(hwsrc=CLIENT_MAC, psrc=CLIENT, pdst=CLIENT))
    return t


@capture
def ethernet_others():
    """802.3 with LLC and SNAP, spanning tree, LLDP, PPPoE, MPLS, EAPOL, a type that nobody knows."""
    t = Trace()
    bridge = "01:80:c2:00:00:00"
    t.see(Dot3(src=CLIENT_MAC, dst=bridge) / LLC(dsap=0x42, ssap=0x42, ctrl=3) / STP())
    t.see(Dot3(src=CLIENT_MAC, dst="01:00:0c:cc:cc:cc") / LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(OUI=0x00000C, code=0x2000) / Raw(b"\2\xb4\0\0"))
    t.see(Dot3(src=CLIENT_MAC, dst=SERVER_MAC) / LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(OUI=0, code=0x0800) / IP(src=CLIENT, dst=SERVER) / UDP(sport=5, dport=6) / Raw(b"ip over snap"))
    ether = lambda kind, data: t.see(Ether(src=CLIENT_MAC, dst=SERVER_MAC, type=kind) / Raw(data))
    ether(0x88CC, bytes.fromhex("0207040 00d3a200004".replace(" ", "")) + bytes.fromhex("0403056574 060200780000".replace(" ", "")))
    ip = raw(IP(src=CLIENT, dst=SERVER) / UDP(sport=5, dport=6) / Raw(b"inside"))
    ether(0x8864, b"\x11\0\0\1" + struct.pack(">H", len(ip) + 2) + b"\0\x21" + ip)
    ether(0x8847, b"\0\1\x01\x40" + ip)
    ether(0x888E, b"\1\1\0\0")
    ether(0x88B5, b"local experiment")
    ether(0x9000, b"\0" * 46)
    return t


@capture
def frame_sizes():
    """Jumbo frames, what offloading makes of segments, padding, and less than a header."""
    t = Trace()
    jumbo = Tcp(t, ports=(50_500, 4430)).open()
    for part in range(5):
        jumbo.s(text(part, 8960)).wait(1).c()
    jumbo.s(text(9, 65_000)).wait(1).c()
    jumbo.close()
    for frame in (raw(ip_frame(CLIENT, SERVER) / UDP(sport=5, dport=6) / Raw(b"x")), raw(Tcp(t, ports=(50_501, 81)).open().trace.packets.pop().data)):
        t.see(frame + b"\0" * (60 - len(frame)))
        # With the frame's checksum, as some cards leave it.
        t.see(frame + b"\0" * (60 - len(frame)) + b"\xde\xad\xbe\xef")
    for size in (0, 1, 6, 12, 13, 14, 15):
        t.see(bytes.fromhex("123456789abc000d3a200004080045")[:size])
    return t


def cut(snap):
    t = tcp_plain()
    return pcap([p.cut(snap) for p in t.packets] + [p.cut(snap) for p in later(tcp_fast_retransmission())], snap=snap)


def later(trace):
    return [Packet(p.at + 10**10, p.data, p.length) for p in trace.packets]


@capture
def snap_54():
    return cut(54)


@capture
def snap_40():
    """Within the TCP header."""
    return cut(40)


@capture
def snap_96():
    return cut(96)
