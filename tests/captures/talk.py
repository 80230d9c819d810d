"""Both sides of conversations, and the clock that they are seen by."""

from scapy.all import IP, TCP, UDP, Ether, IPv6, Raw, raw

from files import Packet

CLIENT_MAC, SERVER_MAC = "00:0d:3a:20:00:04", "12:34:56:78:9a:bc"
CLIENT, SERVER, RESOLVER = "10.0.0.4", "203.0.113.77", "168.63.129.16"
# One that Wireshark gives no meaning to: what is said there is just data.
PORT = 4430
MS = 1_000_000
# 2026-03-01 12:00:00 UTC
START = 1_772_366_400_000_000_000


class Trace:
    """Packets in the order they were seen."""

    def __init__(self, at=START):
        self.at, self.packets = at, []

    def wait(self, milliseconds):
        self.at += int(milliseconds * MS)
        return self

    def see(self, frame, length=None):
        """A frame, as scapy has it or as bytes, and then a tenth of a millisecond."""
        self.packets.append(Packet(self.at, raw(frame), length))
        return self.wait(0.1)

    def udp(self, source, target, data, sport, dport, back=False):
        return self.see(ip_frame(source, target, back) / UDP(sport=sport, dport=dport) / Raw(bytes(data)))


def ip_frame(source, target, back=False, ident=1):
    macs = (SERVER_MAC, CLIENT_MAC) if back else (CLIENT_MAC, SERVER_MAC)
    ether = Ether(src=macs[0], dst=macs[1])
    return ether / (IPv6(src=source, dst=target) if ":" in source else IP(src=source, dst=target, id=ident))


class Tcp:
    """One connection. `c` and `s` send from the client and the server; what they send counts on by itself, unless
    `seq` or `ack` are given, relative to each side's first number."""

    def __init__(self, trace, client=CLIENT, server=SERVER, ports=(50000, PORT), isns=(1000, 90000), window=64240):
        self.trace, self.ends, self.ports, self.isns = trace, (client, server), ports, isns
        self.next, self.windows = [0, 0], [window, window]
        self.wrap = lambda frame: frame

    def send(self, side, data=b"", flags="A", seq=None, ack=None, window=None, options=()):
        other = 1 - side
        at = self.next[side] if seq is None else seq
        to = self.next[other] if ack is None else ack
        header = TCP(
            sport=self.ports[side],
            dport=self.ports[other],
            seq=(self.isns[side] + at) % 2**32,
            ack=(self.isns[other] + to) % 2**32 if "A" in flags else 0,
            flags=flags,
            window=self.windows[side] if window is None else window,
            options=list(options),
        )
        frame = ip_frame(self.ends[side], self.ends[other], back=bool(side)) / header
        if data:
            frame = frame / Raw(bytes(data))
        self.trace.see(self.wrap(frame))
        if seq is None:
            self.next[side] = at + len(data) + ("S" in flags) + ("F" in flags)
        return self

    def c(self, data=b"", flags="A", **more):
        return self.send(0, data, flags, **more)

    def s(self, data=b"", flags="A", **more):
        return self.send(1, data, flags, **more)

    def wait(self, milliseconds):
        self.trace.wait(milliseconds)
        return self

    def open(self, scales=None, trip=8):
        """The handshake, with window scales if given."""
        options = [[("MSS", 1460)] + ([("NOP", None), ("WScale", scale)] if scales else []) for scale in scales or (0, 0)]
        self.c(flags="S", options=options[0]).wait(trip)
        self.s(flags="SA", options=options[1]).wait(trip / 2)
        return self.c()

    def close(self):
        return self.c(flags="FA").wait(4).s(flags="FA").wait(4).c()


def text(seed, length):
    """Bytes that are the same every time."""
    state, out = seed * 2654435761 % 2**32 | 1, bytearray()
    while len(out) < length:
        state = (state * 1103515245 + 12345) % 2**31
        out.append(state >> 16 & 0xFF)
    return bytes(out)
