"""Files that are odd in themselves."""

import gzip
import struct

from application_kinds import dns, tls
from files import ETHERNET, RAW, Packet, Section, pcap
from kinds import capture
from talk import START, Trace
from tcp_kinds import tcp_fast_retransmission, tcp_plain


def plain():
    return tcp_plain().packets


@capture
def file_nanoseconds():
    return pcap([Packet(p.at + n, p.data) for n, p in enumerate(plain())], precision="ns")


@capture
def file_big_endian():
    return pcap(plain(), order=">")


@capture
def file_big_endian_nanoseconds():
    return pcap([Packet(p.at + n, p.data) for n, p in enumerate(plain())], order=">", precision="ns")


@capture
def file_times_back():
    """As two queues of a card are written one after the other."""
    packets = plain() + dns().packets
    return pcap([packets[i ^ 3] if (i ^ 3) < len(packets) else packets[i] for i in range(len(packets))])


@capture
def file_empty():
    return b""


@capture
def file_header_only():
    return pcap([])


@capture
def file_cut_in_packet():
    return pcap(plain())[:-37]


@capture
def file_cut_in_header():
    whole = pcap(plain())
    return whole[: len(whole) - len(plain()[-1].data) - 5]


@capture
def file_corrupt():
    """In the middle a packet claims two gigabytes."""
    half = len(plain()) // 2
    whole = pcap(plain()[:half])
    return whole + struct.pack("<IIII", 1, 1, 2**31 - 1, 2**31 - 1) + pcap(plain()[half:])[24:]


@capture
def file_no_capture():
    return b"PK\3\4 this is something else altogether\n" * 20


@capture
def file_netmon():
    """Network Monitor's, version 2.1, with no frame in it."""
    head = b"GMBU" + struct.pack("<BBH", 1, 2, 1) + struct.pack("<8H", 2026, 3, 0, 1, 12, 0, 0, 0)
    return head + struct.pack("<IIIIIIIIII", 128, 0, 0, 0, 0, 0, 0, 0, 0, 0) + b"\0" * 60


@capture
def file_gzip():
    return gzip.compress(pcap(plain()), mtime=0)


@capture
def file_modified():
    """Kuznetzov's pcap, of old Linux distributions: eight more bytes for each packet."""
    out = [pcap([], magic=0xA1B2CD34)]
    for p in plain():
        second, rest = divmod(p.at, 10**9)
        out.append(struct.pack("<IIIIIHBB", second, rest // 1000, len(p.data), p.length, 2, 0x0800, 0, 0) + p.data)
    return b"".join(out)


@capture
def ng_plain():
    section = Section(options=[(4, b"alertcap's tests")]).interface(resolution=6, name="eth0")
    for p in plain():
        section.packet(p)
    return section.statistics(START + 10**9, len(plain()), 17).bytes()


@capture
def ng_empty():
    return Section().bytes()


@capture
def ng_interfaces():
    """Ethernet in microseconds, raw IP in nanoseconds, Ethernet in 2^-20 s, one with an offset, one without packets."""
    section = Section().interface(name="eth0").interface(RAW, 65535, resolution=9, name="tun0")
    section.interface(ETHERNET, 128, resolution=0x80 + 20).interface(ETHERNET, resolution=6, offset=3600).interface(name="idle")
    packets = plain() + tcp_fast_retransmission().packets
    for number, p in enumerate(packets):
        interface = number % 4
        section.packet(Packet(p.at, p.data[14:]) if interface == 1 else p.cut(128) if interface == 2 else p, interface)
    return section.statistics(START, 10, 3, 0).statistics(START, 20, 4, 1).bytes()


@capture
def ng_sections():
    """Two files written one after the other, the second by a machine with the other byte order."""
    out = b""
    for order, packets in (("<", plain()), (">", tls().packets)):
        section = Section(order).interface(resolution=9, name="eth" + order.replace("<", "0").replace(">", "1"))
        for p in packets:
            section.packet(p)
        out += section.bytes()
    return out


@capture
def ng_big_endian():
    section = Section(">").interface(resolution=6)
    for p in dns().packets:
        section.packet(p)
    return section.bytes()


@capture
def ng_blocks():
    """All kinds of blocks, known and not; comments on packets; old and simple packets."""
    section = Section(options=[(1, b"a comment of the section")])
    section.block(0x0BAD, b"unknown before any interface").interface(more=[(1, b"a comment"), (12, b"Linux")])
    section.names(b"\x0a\0\0\4", "web1.example").interface(snap=70)
    for number, p in enumerate(plain()):
        if number % 5 == 0:
            section.packet(p, options=[(1, "a comment: <b>ä</b>".encode()), (2, section.pack("I", 1)), (4, section.pack("Q", 2))])
        elif number % 5 == 1:
            section.old_packet(p, drops=1)
        elif number % 5 == 2:
            section.block(0x40000BAD, section.pack("I", 32473) + b"a vendor's own").packet(p.cut(70), 1)
        elif number % 5 == 3:
            section.block(10, section.pack("II", 0x544C534B, 8) + b"CLIENT_R").packet(p)
        else:
            section.block(0x80000001, b"").packet(p)
    return section.bytes()


@capture
def ng_simple():
    """Packets without times, cut by the interface's snapshot length."""
    section = Section().interface(snap=100)
    for p in plain():
        section.simple_packet(p.cut(100))
    return section.bytes()


@capture
def ng_section_length():
    """A section that says how long it is, and a block without an interface."""
    body = Section(length=0).interface(resolution=6)
    for p in plain():
        body.packet(p)
    length = len(body.bytes()) - 28
    whole = Section(length=length).bytes() + body.bytes()[28:]
    return whole + Section().interface().bytes()


@capture
def ng_truncated():
    return ng_plain()[:-150]


@capture
def ng_corrupt():
    """Block lengths that do not agree at a block's two ends."""
    whole = bytearray(ng_plain())
    first = Section(options=[(4, b"alertcap's tests")]).interface(resolution=6, name="eth0")
    for p in plain()[:9]:
        first.packet(p)
    end = len(first.bytes())
    whole[end - 4 : end] = struct.pack("<I", 8)
    return bytes(whole)


@capture
def ng_no_interface():
    """Packets of an interface that nobody described."""
    section = Section().interface()
    section.resolutions.append((6, 0))
    for p in plain()[:5]:
        section.packet(p)
    section.packet(plain()[5], 1)
    for p in plain()[6:]:
        section.packet(p)
    return section.bytes()
