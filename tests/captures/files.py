"""Capture files written field by field, so that each can be as odd as the format allows."""

import struct

MAGIC = {"us": 0xA1B2C3D4, "ns": 0xA1B23C4D}
ETHERNET, NULL, RAW, LOOP, SLL, IPV4, SLL2 = 1, 0, 101, 108, 113, 228, 276


class Packet:
    """Bytes at a time (nanoseconds since the epoch); `length` is what was on the wire, if the file has less."""

    def __init__(self, at, data, length=None):
        self.at, self.data = at, bytes(data)
        self.length = len(self.data) if length is None else length

    def cut(self, snap):
        return Packet(self.at, self.data[:snap], self.length)


def pcap(packets, link=ETHERNET, precision="us", order="<", snap=262144, magic=None):
    """A whole pcap file."""
    unit = 1000 if precision == "us" else 1
    out = [struct.pack(order + "IHHiIII", magic or MAGIC[precision], 2, 4, 0, 0, snap, link)]
    for p in packets:
        second, rest = divmod(p.at, 1_000_000_000)
        out.append(struct.pack(order + "IIII", second, rest // unit, len(p.data), p.length))
        out.append(p.data)
    return b"".join(out)


def padded(data):
    return data + b"\0" * (-len(data) % 4)


class Section:
    """One section of a pcapng file, block by block."""

    def __init__(self, order="<", length=-1, options=()):
        self.order, self.blocks, self.resolutions = order, [], []
        self.block(0x0A0D0D0A, self.pack("IHHq", 0x1A2B3C4D, 1, 0, length) + self.options(options))

    def pack(self, form, *values):
        return struct.pack(self.order + form, *values)

    def options(self, options):
        """Code and bytes of each, and the end of options."""
        if not options:
            return b""
        parts = [self.pack("HH", code, len(value)) + padded(value) for code, value in options]
        return b"".join(parts) + self.pack("HH", 0, 0)

    def block(self, kind, body):
        length = 12 + len(padded(body))
        self.blocks.append(self.pack("II", kind, length) + padded(body) + self.pack("I", length))
        return self

    def interface(self, link=ETHERNET, snap=262144, resolution=None, offset=None, name=None, more=()):
        """`resolution` is if_tsresol's byte: 6 is microseconds, 9 nanoseconds, 0x80 + n is 2 to the -n."""
        options = [(2, name.encode())] if name else []
        options += [(9, bytes([resolution]))] if resolution is not None else []
        options += [(14, self.pack("q", offset))] if offset is not None else []
        self.resolutions.append((resolution if resolution is not None else 6, offset or 0))
        return self.block(1, self.pack("HHI", link, 0, snap) + self.options(options + list(more)))

    def ticks(self, at, interface):
        resolution, offset = self.resolutions[interface]
        per_second = 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution
        return (at - offset * 1_000_000_000) * per_second // 1_000_000_000

    def packet(self, p, interface=0, options=()):
        ticks = self.ticks(p.at, interface)
        head = self.pack("IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(p.data), p.length)
        return self.block(6, head + padded(p.data) + self.options(options))

    def old_packet(self, p, interface=0, drops=0):
        ticks = self.ticks(p.at, interface)
        head = self.pack("HHIIII", interface, drops, ticks >> 32, ticks & 0xFFFFFFFF, len(p.data), p.length)
        return self.block(2, head + padded(p.data))

    def simple_packet(self, p):
        return self.block(3, self.pack("I", p.length) + padded(p.data))

    def names(self, address, name):
        record = self.pack("HH", 1, 4 + len(name) + 1) + padded(address + name.encode() + b"\0")
        return self.block(4, record + self.pack("HH", 0, 0))

    def statistics(self, at, received, dropped, interface=0):
        ticks = self.ticks(at, interface)
        options = [(4, self.pack("Q", received)), (5, self.pack("Q", dropped))]
        return self.block(5, self.pack("III", interface, ticks >> 32, ticks & 0xFFFFFFFF) + self.options(options))

    def bytes(self):
        return b"".join(self.blocks)
