#!/usr/bin/env python3
"""Makes the capture files that summaries are held against tshark and capinfos by: `make.py FOLDER`.

Nothing here is drawn by chance and no clock is read, so the files are the same on every machine."""

import logging
import sys
from pathlib import Path

sys.dont_write_bytecode = True
# Scapy would tell of interfaces and routes that nobody asks for.
logging.getLogger("scapy").setLevel(logging.ERROR)

import application_kinds  # noqa: E402,F401
import file_kinds  # noqa: E402,F401
import link_kinds  # noqa: E402,F401
import many_kinds  # noqa: E402,F401
import network_kinds  # noqa: E402,F401
import tcp_kinds  # noqa: E402,F401
from files import pcap  # noqa: E402
from kinds import KINDS  # noqa: E402
from talk import Trace  # noqa: E402

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for name, kind in KINDS.items():
    made = kind()
    if isinstance(made, Trace):
        made = pcap(made.packets)
    suffix = "pcapng" if made[:4] == b"\x0a\x0d\x0d\x0a" else "pcap"
    (folder / f"{name}.{suffix}").write_bytes(made)
