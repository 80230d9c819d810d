"""Many of something."""

import struct

from files import Packet, pcap
from kinds import capture
from talk import CLIENT, SERVER, START, Tcp, Trace, ip_frame, text
from scapy.all import UDP, Raw, raw


@capture
def many_conversations():
    """More than are followed at once: 20,000 of one packet each, and twenty with most of the bytes."""
    t = Trace()
    frame = bytearray(raw(ip_frame("100.64.0.1", "10.0.0.4") / UDP(sport=1, dport=5000) / Raw(b"x" * 30)))
    big = bytearray(raw(ip_frame("192.0.2.1", "10.0.0.4") / UDP(sport=9000, dport=5001) / Raw(b"y" * 1000)))
    for number in range(20_000):
        frame[26:30] = struct.pack(">I", 0x64400000 + number // 3)
        frame[34:36] = struct.pack(">H", 49_152 + number % 16_000)
        # Checksums that nobody counts.
        frame[24:26] = frame[40:42] = b"\0\0"
        t.see(bytes(frame))
        if number % 4 == 0:
            big[29] = number // 4 % 20 + 1
            big[24:26] = big[40:42] = b"\0\0"
            t.see(bytes(big))
    return t


@capture
def many_connections():
    """A few hundred TCP connections at once, woven into each other, with losses among them."""
    lines = []
    for number in range(300):
        t = Trace(START + number * 7_000_000)
        tcp = Tcp(t, f"10.0.{number % 5}.{number % 50 + 4}", SERVER, (30_000 + number, (4430, 8081, 9999)[number % 3]), (number * 99_991, number * 7919))
        tcp.open(trip=3 + number % 20)
        for part in range(number % 12):
            start = tcp.next[1]
            tcp.s(text(part, 1000 + part), "PA").wait(number % 9)
            if (number + part) % 10 == 0:
                tcp.wait(230).s(text(part, 1000 + part), "PA", seq=start).wait(1)
            tcp.c()
        if number % 4:
            tcp.close()
        lines += t.packets
    lines.sort(key=lambda p: p.at)
    return pcap(lines)


@capture
def many_hours():
    """Little over a long time: a packet now and then for three days."""
    t = Trace()
    for number in range(500):
        t.udp(CLIENT, SERVER, text(number, 50 + number), 40_000, 5000).wait(number * 1000 + 10_000)
    return t
