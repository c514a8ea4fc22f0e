"""Small on Drive and huge when read: each is announced, costs little, and hides no other message of its sender."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stories.site import DO, Site, submitted
from tests.system.program import environment
from tests.worlds import python_job
from tests.worlds.messages import MEMBER, message_document, pack, pack_document

DS = "ds@example.org"
MIB = 1 << 20
LARGEST_PEAK = 200 * MIB
# Far more than any of them takes: what it forbids is a parser that hangs.
LONGEST_SECONDS = 20

# `ru_maxrss` of a child begins with the size of its parent; this is the process's own.
MEASURED = """
import re, sys, time
from syft_notify.cli import main
try:
    main()
finally:
    peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]
    print(peak, time.process_time(), file=sys.stderr)
"""


def repeated(block: bytes, times: int) -> bytes:
    """A gzip of a block again and again, made without making the whole."""
    packer = zlib.compressobj(9, wbits=-15)
    once = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    return gzip.compress(b"")[:10] + once * times + b"\x03\x00" + bytes(8)


def changes(content: bytes) -> bytes:
    return pack(b'{"proposed_file_changes":' + content + b"}")


def job_with(site: Site, files: dict[str, str]) -> bytes:
    """A job of one's own making, in today's layout."""
    folder = f"app_data/job/inbox/{DS}/v1/odd"
    named = {f"{folder}/{name}": text for name, text in files.items()}
    return pack_document(message_document(named, DS, DO, site.tick()))


def yaml_bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(lines)


def yaml_tags() -> str:
    return "".join(f"%TAG !{number:x}! x\n" for number in range(15_000)) + "---\nname: odd\n"


def noise(size: int) -> str:
    return hashlib.shake_256(b"noise").hexdigest(size // 2)


def tar_header() -> bytes:
    return gzip.decompress(pack(b""))[:512]


BOMBS: dict[str, tuple[Callable[[Site], bytes], str]] = {
    "gzip of 2 GiB": (lambda site: repeated(bytes(MIB), 2048), "too large submission"),
    "a million members": (lambda site: repeated(tar_header() * 1000, 1000), "too large submission"),
    "100,000 deep lists": (lambda site: changes(b"[" * 100_000 + b"]" * 100_000), "unreadable submission"),
    "100,000 deep objects": (lambda site: pack(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "unreadable submission"),
    "millions of objects": (lambda site: changes(b"[" + b"{}," * 3_900_000 + b"{}]"), "too large submission"),
    "a million changes": (
        lambda site: changes(b"[" + b'{"path_in_datasite":"a"},' * 460_000 + b"{}]"),
        "too large submission",
    ),
    "a million keys": (
        lambda site: pack(b"{" + b",".join(b'"%d":1' % n for n in range(1_000_000)) + b"}"),
        "too large submission",
    ),
    "only quotes": (lambda site: pack(b'"' * 11_900_000), "too large submission"),
    "YAML of nine to the twelfth": (lambda site: job_with(site, {"config.yaml": yaml_bomb()}), "odd"),
    "a YAML of %TAG lines": (lambda site: job_with(site, {"config.yaml": yaml_tags()}), "odd"),
    "47 YAMLs of %TAG lines": (
        lambda site: job_with(site, {f"../odd{n}/config.yaml": yaml_tags() for n in range(47)}),
        "too large submission",
    ),
    "25 MB of honest code": (
        lambda site: job_with(site, {"config.yaml": "name: odd\n", "code/main.py": "print(1)\n" * 2_800_000}),
        "too large submission",
    ),
    "25 MB that pack badly": (
        lambda site: job_with(site, {"config.yaml": "name: odd\n", "code/data.csv": noise(25_000_000)}),
        "too large submission",
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_it_is_announced_within_bounds_and_hides_no_other_message(site: Site, bomb: str) -> None:
    make, name = BOMBS[bomb]
    site.ask(DS)
    site.accept(DS)
    site.submit(python_job("before"))
    (inbox,) = site.google.drive.find(site.generation.inbox_folder(DO, DS), DS)
    site.google.drive.file(DS, f"msgv2_{site.tick().timestamp()}_odd.tar.gz", make(site), inbox)
    site.submit(python_job("after"))
    code, peak, seconds = run_once(site)
    assert code == 0
    assert site.new_mails() == sorted(submitted("before") + submitted(name) + submitted("after"))
    assert peak < LARGEST_PEAK
    assert seconds < LONGEST_SECONDS


def run_once(site: Site) -> tuple[int, int, float]:
    """Exit code, peak memory in bytes, and CPU time of one poll as a process of its own."""
    command = [sys.executable, "-c", MEASURED, "run", "--once", "-c", str(site.config_file)]
    ended = subprocess.run(command, env=environment(site.home), capture_output=True, text=True, check=False)
    kilobytes, seconds = ended.stderr.split()[-2:]
    return ended.returncode, int(kilobytes) * 1024, float(seconds)


def test_the_bombs_are_what_they_say() -> None:
    assert gzip_size(repeated(bytes(MIB), 64)) == 64 * MIB
    assert gzip_size(repeated(tar_header() * 1000, 2)) == 2000 * 512
    assert tar_header().startswith(MEMBER.encode())
    assert len(json.dumps(yaml_bomb())) < 1000


def gzip_size(packed: bytes) -> int:
    return len(zlib.decompressobj(wbits=-15).decompress(packed[10:]))


def test_a_yaml_bomb_on_disk_is_bounded_too(site: Site, tmp_path: Path) -> None:
    site.ask(DS)
    site.accept(DS)
    site.poll()
    job = site.submit(python_job("odd"))
    site.sync()
    config = next(site.root.rglob("odd/config.yaml"))
    config.write_text(yaml_bomb())
    site.submit(python_job("good"), job.ds)
    code, peak, seconds = run_once(site)
    assert code == 0
    assert set(submitted("good")) <= set(site.new_mails())
    assert peak < LARGEST_PEAK
    assert seconds < LONGEST_SECONDS
