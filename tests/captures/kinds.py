"""The capture files by name; `make.py` writes them."""

KINDS = {}


def capture(kind):
    """The function's name is the file's: `tcp_plain` makes `tcp-plain.pcap`. It returns a trace, or a file's bytes."""
    KINDS[kind.__name__.replace("_", "-")] = kind
    return kind
