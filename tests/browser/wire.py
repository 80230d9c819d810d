"""An hour on a machine's wire, with something the matter in the middle: what the pictures of the documentation show."""

import random
import struct
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

MACHINE = "10.20.0.4"
_PAYMENTS, _DATABASE, _RESOLVER = "203.0.113.77", "10.20.0.10", "168.63.129.16"
_FIN, _SYN, _RST, _PSH, _ACK = 1, 2, 4, 8, 16
# The longest packet; what there is beyond its head is zeros.
_LONGEST = 1_514


def record(file: Path, begin: datetime) -> None:
    """Writes the hour that begins then, the same each time."""
    wire = _Wire(begin.timestamp())
    chance = random.Random(7)
    for second in range(2, 3_590):
        is_bad = 1_300 <= second < 2_200
        if chance.random() < 0.11:
            wire.visit(second + chance.random(), f"192.0.2.{chance.randint(10, 60)}", chance)
        if second % 15 == 0:
            _ask(wire, second + 0.1, "api.payments.example", chance)
        if chance.random() < (0.3 if is_bad else 0.02):
            wire.pay(second + chance.random(), 0.19 if is_bad else 0.004, chance)
        if is_bad and second % 9 == 0:
            wire.knock(second + 0.4, chance)
        if is_bad and second % 20 == 0:
            _ask(wire, second + 0.7, "ledger.shop.example", chance, code=3)
    wire.write(file)


def _ask(wire: "_Wire", at: float, name: str, chance: random.Random, code: int = 0) -> None:
    port, number = chance.randint(30_000, 60_000), chance.randint(0, 65_535)
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0\0\1\0\1"
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + IPv4Address(_PAYMENTS).packed if code == 0 else b""
    wire.udp(at, MACHINE, _RESOLVER, port, 53, struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + question)
    reply = struct.pack(">6H", number, 0x8180 | code, 1, 1 if answer else 0, 0, 0) + question + answer
    wire.udp(at + 0.004 + 0.003 * chance.random(), _RESOLVER, MACHINE, 53, port, reply)


class _Wire:
    def __init__(self, begin: float):
        self._begin = begin
        self._packets: list[tuple[float, bytes, int]] = []
        self._number = 0
        self._ports = 40_000

    def visit(self, at: float, client: str, chance: random.Random) -> None:
        """Somebody looks at the shop."""
        talk = _Talk(self, client, MACHINE, self._port(), 443, at, 0.012 + 0.01 * chance.random())
        talk.shake("shop.example")
        talk.send(True, 500)
        for _ in range(chance.randint(2, 9)):
            talk.send(False, 1_400)
        talk.end()

    def pay(self, at: float, loss: float, chance: random.Random) -> None:
        """The shop asks the payment provider, and sends again what is not acknowledged."""
        talk = _Talk(self, MACHINE, _PAYMENTS, self._port(), 443, at, 0.021 + 0.004 * chance.random())
        talk.shake("api.payments.example")
        for _ in range(chance.randint(8, 30)):
            talk.send(True, 1_400, again=chance.random() < loss)
        talk.send(False, 700)
        talk.end()

    def knock(self, at: float, chance: random.Random) -> None:
        """The shop wants a connection of the database, which does not answer."""
        port, sequence = self._port(), chance.getrandbits(32)
        for later in (0, 1, 3):
            self.tcp(at + later, MACHINE, _DATABASE, port, 1433, sequence, 0, _SYN)

    def udp(self, at: float, source: str, to: str, port: int, to_port: int, data: bytes) -> None:
        self._ip(at, source, to, 17, struct.pack(">4H", port, to_port, 8 + len(data), 0) + data, len(data) + 8)

    def tcp(self, at, source, to, port, to_port, sequence, acknowledged, flags, data=b"", length=0) -> None:
        head = struct.pack(">HHIIBBHHH", port, to_port, sequence & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF, 0x50, flags, 64_000, 0, 0)
        self._ip(at, source, to, 6, head + data, len(head) + max(length, len(data)))

    def _ip(self, at: float, source: str, to: str, protocol: int, data: bytes, length: int) -> None:
        self._number = (self._number + 1) & 0xFFFF
        addresses = IPv4Address(source).packed + IPv4Address(to).packed
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + length, self._number, 0x4000, 64, protocol, 0) + addresses
        total = sum(struct.unpack(">10H", head))
        total = (total & 0xFFFF) + (total >> 16)
        head = head[:10] + struct.pack(">H", ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF) + head[12:]
        frame = b"\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0" + head + data
        self._packets.append((self._begin + at, frame, 34 + length))

    def _port(self) -> int:
        self._ports = 40_000 + (self._ports - 39_999) % 20_000
        return self._ports

    def write(self, file: Path) -> None:
        """As a classic capture file, in the order of time."""
        with file.open("wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, _LONGEST, 1))
            for at, frame, length in sorted(self._packets, key=lambda packet: packet[0]):
                out.write(struct.pack("<IIII", int(at), int(at % 1 * 1_000_000), length, length))
                out.write(frame.ljust(length, b"\0"))


class _Talk:
    """A TCP connection, from the handshake to its end."""

    def __init__(self, wire: _Wire, client: str, server: str, port: int, to_port: int, at: float, way: float):
        self._wire, self._ends, self._at, self._way = wire, ((client, port), (server, to_port)), at, way
        self._sequence = [1_000, 5_000]

    def shake(self, name: str) -> None:
        self._packet(True, _SYN)
        self._at += self._way
        self._packet(False, _SYN | _ACK)
        self._packet(True, _ACK)
        hello = _hello(name)
        self._packet(True, _ACK | _PSH, hello)
        self._at += self._way
        self._packet(False, _ACK | _PSH, b"\x16\x03\x03\0\x2a\x02\0\0\x26\x03\x03" + b"\7" * 32 + b"\0\x13\x01\0")

    def send(self, is_client: bool, length: int, again: bool = False) -> None:
        self._packet(is_client, _ACK | _PSH, b"\x17\x03\x03" + struct.pack(">H", length - 5), length)
        if again:
            self._sequence[0 if is_client else 1] -= length
            self._at += 0.25
            self._packet(is_client, _ACK | _PSH, b"\x17\x03\x03" + struct.pack(">H", length - 5), length)
        self._at += self._way
        self._packet(not is_client, _ACK)

    def end(self) -> None:
        self._packet(True, _FIN | _ACK)
        self._at += self._way
        self._packet(False, _FIN | _ACK)
        self._packet(True, _ACK)

    def _packet(self, is_client: bool, flags: int, data: bytes = b"", length: int = 0) -> None:
        me, other = (0, 1) if is_client else (1, 0)
        (source, port), (to, to_port) = self._ends[me], self._ends[other]
        acknowledged = self._sequence[other] if flags & _ACK else 0
        self._wire.tcp(self._at, source, to, port, to_port, self._sequence[me], acknowledged, flags, data, length)
        self._sequence[me] += max(length, len(data)) + (1 if flags & (_SYN | _FIN) else 0)
        self._at += 0.0002


def _hello(name: str) -> bytes:
    """A client's first words: which server it wants."""
    server = name.encode()
    entry = struct.pack(">BH", 0, len(server)) + server
    extension = struct.pack(">HHH", 0, len(entry) + 2, len(entry)) + entry
    body = b"\x03\x03" + b"\5" * 32 + b"\0" + b"\0\2\x13\x01" + b"\1\0" + struct.pack(">H", len(extension)) + extension
    message = b"\1" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack(">H", len(message)) + message
