"""TCP: what Wireshark has words for, each by itself."""

from kinds import capture
from talk import CLIENT, PORT, Tcp, Trace, text


@capture
def tcp_plain():
    t = Trace()
    tcp = Tcp(t).open()
    tcp.c(text(1, 317), "PA").wait(9).s().wait(1)
    for part in range(6):
        tcp.s(text(part, 1400), "PA").wait(2).c()
    tcp.close()
    # IPv6, and the server closes first.
    t.wait(300)
    six = Tcp(t, "2001:db8::4", "2001:db8:77::1", (50001, 8430)).open(scales=(7, 9))
    six.c(b"hello", "PA").wait(5).s(b"good day", "PA").wait(5).c()
    six.s(flags="FA").wait(3).c().wait(1).c(flags="FA").wait(3).s()
    return t


@capture
def tcp_retransmission():
    """A segment is lost, and sent again after its time is over; once more at the doubled time."""
    t = Trace()
    tcp = Tcp(t).open().c(text(1, 100), "PA").wait(9).s()
    tcp.s(text(2, 1000), "PA").wait(250).s(text(2, 1000), "PA", seq=1).wait(500).s(text(2, 1000), "PA", seq=1).wait(4).c()
    # The SYN of another, three times, and its SYN-ACK twice.
    other = Tcp(t, ports=(50002, PORT))
    for _ in range(3):
        other.c(flags="S", seq=0).wait(1000)
    other.next[0] = 1
    other.s(flags="SA", seq=0).wait(1000).s(flags="SA", seq=0).wait(1)
    other.next[1] = 1
    other.c()
    # A FIN again.
    tcp.c(flags="FA").wait(300).c(flags="FA", seq=tcp.next[0] - 1).wait(5).s().s(flags="FA").wait(3).c()
    return t


@capture
def tcp_fast_retransmission():
    """Segments behind a lost one make duplicate acknowledgements, and these the retransmission."""
    t = Trace()
    tcp = Tcp(t).open().c(text(1, 100), "PA").wait(5).s()
    start = tcp.next[1]
    tcp.next[1] += 1000  # lost
    for part in range(5):
        tcp.s(text(part, 1000)).wait(0.1).c(ack=start)
    tcp.wait(2).s(text(9, 1000), seq=start).wait(1).c()
    tcp.close()
    return t


@capture
def tcp_spurious_retransmission():
    """What had been acknowledged comes again."""
    t = Trace()
    tcp = Tcp(t).open().c(text(1, 100), "PA").wait(5).s()
    tcp.s(text(2, 1000), "PA").wait(2).c().wait(220).s(text(2, 1000), "PA", seq=1).wait(1).c()
    tcp.s(text(3, 700), "PA").wait(2).c()
    tcp.close()
    return t


@capture
def tcp_out_of_order():
    """Segments overtake each other, by less than a handshake's time."""
    t = Trace()
    tcp = Tcp(t).open().c(text(1, 100), "PA").wait(5).s()
    for _ in range(4):
        start = tcp.next[1]
        tcp.s(text(5, 1000), seq=start + 1000).s(text(4, 1000), seq=start)
        tcp.next[1] = start + 2000
        tcp.wait(1).c().wait(30)
    # The FIN overtakes the last data.
    start = tcp.next[1]
    tcp.s(flags="FA", seq=start + 500).s(text(6, 500), "PA", seq=start)
    tcp.next[1] = start + 501
    tcp.wait(1).c().c(flags="FA").wait(3).s()
    return t


@capture
def tcp_lost_segments():
    """What the capture did not see: data that is missing, and acknowledged all the same."""
    t = Trace()
    tcp = Tcp(t).open().c(text(1, 100), "PA").wait(5).s()
    tcp.s(text(2, 1000)).wait(1).c()
    tcp.next[1] += 3000
    tcp.s(text(3, 1000)).wait(1).c()
    tcp.next[1] += 1460
    tcp.c().wait(20).c(text(4, 200), "PA").wait(1).s().wait(5)
    tcp.next[0] += 50
    tcp.s(text(5, 10), "PA").wait(1).c()
    return t


@capture
def tcp_windows():
    """A receiver that does not read: its window fills, is zero, is probed, opens again."""
    t = Trace()
    tcp = Tcp(t, window=4000).open().c(text(1, 100), "PA").wait(5).s()
    for left in (2600, 1200):
        tcp.s(text(left, 1400), "A").wait(1).c(window=left)
    tcp.s(text(3, 1200), "PA").wait(1).c(window=0)
    for pause in (200, 400, 800):
        tcp.wait(pause).s(b"x", seq=tcp.next[1]).wait(1).c(window=0)
    tcp.wait(100).c(window=4000).wait(1).s(text(4, 1400), "A").wait(1).c(window=4000)
    tcp.close()
    # Scaled: 512 << 7 is filled by 46 segments of 1,400 and one of 1,136.
    t.wait(1000)
    scaled = Tcp(t, ports=(50003, PORT), window=512).open(scales=(7, 7))
    for _ in range(46):
        scaled.s(text(7, 1400))
    scaled.s(text(8, 1136), "PA").wait(2).c()
    scaled.close()
    return t


@capture
def tcp_windows_unscaled():
    """The handshake is not in the file, so nobody knows what the windows are."""
    t = Trace()
    tcp = Tcp(t, window=10)
    tcp.next = [5000, 7000]
    for part in range(5):
        tcp.s(text(part, 1400)).wait(1).c()
    tcp.c(window=0).wait(300).c(window=10).wait(1).s(text(9, 1400)).wait(1).c()
    return t


@capture
def tcp_keep_alive():
    t = Trace()
    tcp = Tcp(t).open().c(text(1, 100), "PA").wait(5).s(text(2, 200), "PA").wait(1).c()
    for _ in range(4):
        tcp.wait(45_000).c(seq=tcp.next[0] - 1).wait(8).s()
    # With a byte of rubbish, as some send it; from the other side; and unanswered.
    tcp.wait(45_000).c(b"\0", seq=tcp.next[0] - 1).wait(8).s()
    tcp.wait(45_000).s(seq=tcp.next[1] - 1).wait(8).c()
    for _ in range(3):
        tcp.wait(10_000).c(seq=tcp.next[0] - 1)
    return t


@capture
def tcp_resets():
    t = Trace()
    for number in range(6):
        refused = Tcp(t, ports=(51000 + number, 8081))
        refused.c(flags="S").wait(6).s(flags="RA").wait(100)
    tcp = Tcp(t, ports=(51100, PORT)).open().c(text(1, 100), "PA").wait(5).s(flags="R").wait(50)
    tcp = Tcp(t, ports=(51101, PORT)).open().c(text(1, 100), "PA").wait(5).s(text(2, 500), "PA").wait(1).c(flags="RA")
    tcp.wait(1).s(text(3, 500), "PA").wait(1).c(flags="R", window=0)
    # Out of nothing.
    Tcp(t, ports=(51102, PORT)).s(flags="RA").wait(1)
    return t


@capture
def tcp_half_open():
    """It began before the capture, ends after it, or was never answered."""
    t = Trace()
    middle = Tcp(t, ports=(52000, 5432))
    middle.next = [700_000, 900_000]
    for part in range(8):
        middle.s(text(part, 900), "PA").wait(3).c()
    for number in range(5):
        silent = Tcp(t, server="198.51.100.9", ports=(52100 + number, PORT))
        for pause in (1000, 2000, 4000):
            silent.c(flags="S", seq=0).wait(pause)
    Tcp(t, ports=(52200, 22)).open().wait(3).s(b"SSH-2.0-OpenSSH_9.2\r\n", "PA").wait(1).c()
    Tcp(t, ports=(52201, 22)).c(flags="S").wait(8).s(flags="SA")
    return t


@capture
def tcp_syn_scan():
    """900 ports of one host: most silent, some refused, one open."""
    t = Trace()
    for port in range(1, 901):
        scan = Tcp(t, "192.0.2.66", CLIENT, (40_000 + port % 7, port), (port * 7919, port * 104_729))
        scan.c(flags="S", window=1024, options=[("MSS", 1460)])
        if port == 22:
            scan.wait(0.5).s(flags="SA").wait(0.5).c(flags="R", window=0)
        elif port % 9 == 0:
            scan.wait(0.5).s(flags="RA", window=0)
    return t


@capture
def tcp_syn_flood():
    """SYNs of 1,500 addresses to one port, some answered by SYN-ACKs that nobody takes."""
    t = Trace()
    for number in range(1500):
        source = f"100.{64 + number % 60}.{number // 250}.{1 + number * 37 % 250}"
        flood = Tcp(t, source, CLIENT, (1024 + number * 13 % 60_000, 80), (number * 7919, number * 31))
        flood.c(flags="S", window=512)
        if number % 5 == 0:
            flood.wait(0.2).s(flags="SA").wait(1)
            flood.s(flags="SA", seq=0) if number % 25 == 0 else None
    return t


@capture
def tcp_port_reuse():
    """New connections on the ports of old ones: after a close, after a reset, after nothing."""
    t = Trace()
    for number, isns in enumerate([(1000, 9000), (50_000_000, 70_000), (90_000_000, 800_000_000)]):
        tcp = Tcp(t, ports=(53000, PORT), isns=isns).open().c(text(number, 100), "PA").wait(5).s(text(number, 300), "PA").wait(1).c()
        tcp.close() if number == 0 else tcp.c(flags="RA") if number == 1 else None
        tcp.wait(2000)
    # Numbers that go on where the old ones were.
    tcp = Tcp(t, ports=(53000, PORT), isns=(90_000_500, 800_000_900)).open().c(text(4, 50), "PA").wait(5).s()
    tcp.close()
    return t


@capture
def tcp_sequence_wrap():
    """Numbers go over 2^32 within the data, with a retransmission across it."""
    t = Trace()
    tcp = Tcp(t, isns=(2**32 - 150, 2**32 - 2500)).open().c(text(1, 100), "PA").wait(5).s()
    for part in range(5):
        tcp.s(text(part, 1000), "PA").wait(1).c()
    tcp.c(text(9, 400), "PA").wait(5).s()
    start = tcp.next[1]
    tcp.s(text(6, 1000), "PA").wait(300).s(text(6, 1000), "PA", seq=start).wait(1).c()
    tcp.close()
    # The gap of a lost segment lies on the border.
    wrap = Tcp(t, ports=(50004, PORT), isns=(7, 2**32 - 1001)).open()
    wrap.next[1] += 1000
    for _ in range(4):
        wrap.s(text(7, 1000)).c(ack=1)
    wrap.wait(1).s(text(8, 1000), seq=1).wait(1).c()
    return t


@capture
def tcp_odd():
    """What is rare, and allowed."""
    t = Trace()
    both = Tcp(t, ports=(54000, 54001))
    both.c(flags="S", seq=0).wait(1).s(flags="S", seq=0).wait(1)
    both.c(flags="SA", seq=0, ack=1).wait(1).s(flags="SA", seq=0, ack=1).wait(1)
    both.next = [1, 1]
    both.c().s().c(b"both began", "PA").wait(1).s()
    # Data in the SYN, and in the FIN; urgent data; a retransmission of two segments in one; ECN.
    fast = Tcp(t, ports=(54002, PORT))
    fast.c(b"early data", "S").wait(5).s(flags="SA").wait(1).c(b"urgent", "PAU").wait(1).s()
    start = fast.next[0]
    fast.c(text(1, 500)).c(text(2, 500), "PA").wait(250).c(text(1, 500) + text(2, 500), "PA", seq=start).wait(1).s()
    fast.c(b"last words", "FA").wait(2).s(flags="FA").wait(1).c()
    ecn = Tcp(t, ports=(54003, PORT)).c(flags="SEC").wait(5).s(flags="SAE").wait(1).c().c(text(3, 99), "PAC").wait(2).s(flags="AE")
    ecn.c(flags="").wait(1).c(flags="FPU").wait(1).s(flags="SF")
    # An acknowledgement with a selective one, and a timestamp.
    sack = [("SAck", (91_000, 92_000))]
    Tcp(t, ports=(54004, PORT)).open().s(text(1, 900)).c(options=sack, ack=1).c(options=[("Timestamp", (5, 6))])
    return t
