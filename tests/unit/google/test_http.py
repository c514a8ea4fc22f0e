"""Requests to servers that misbehave: each ends in time, within its bytes, and goes nowhere else."""

from __future__ import annotations

import gzip
import http.client
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import chain, repeat

import pytest

from syft_notify.google.http import BadAnswer, Bounds, Http, Redirected, TooLarge
from syft_notify.google.sockets import NeverConnected
from tests.unit.google.servers import ENDLESS, STOLEN, answering, elsewhere, response, serving

SMALL = Bounds(1_000_000, 5.0)


def ask(url: str, bounds: Bounds = SMALL, timeout: float = 5.0, **request: object) -> bytes:
    with closing(Http(timeout, bounds)) as asking:
        return asking.request(url, **request)[1]


def chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    for piece in pieces:
        yield b"%x\r\n%s\r\n" % (len(piece), piece)


class TestTime:
    """The time of a request is over at its end, however busy the other side looks."""

    @pytest.mark.parametrize(
        "answer",
        [
            lambda request: chain([ENDLESS], repeat(b" ")),
            lambda request: chain([b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"], repeat(b" ")),
            lambda request: chunks(repeat(b" ")),
            lambda request: chain([b"HTTP/1.1 200 OK\r\n"], repeat(b"X-Slow: 1\r\n")),
            lambda request: repeat(b"H"),
            lambda request: repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
        ],
        ids=["content", "content with a length", "chunks", "headers", "status", "patience"],
    )
    def test_a_drip_ends_with_the_time_of_the_request(self, answer):
        with serving(answer, pause=0.02) as server:
            with pytest.raises(TimeoutError):
                ask(server.url, Bounds(1_000_000, 0.3))
            assert server.ended.wait(5)

    def test_silence_ends_before_that(self):
        silent = serving(lambda request: [b"HTTP/1.1 200 OK\r\n", b""], pause=30)
        with silent as server, pytest.raises(TimeoutError):
            ask(server.url, timeout=0.2)

    def test_a_server_that_takes_nothing_is_left(self):
        with serving(lambda request: [b""], pause=30, reads=False) as server, pytest.raises(TimeoutError):
            ask(server.url, Bounds(1_000_000, 0.3), method="POST", body=b"x" * 20_000_000)


class TestBytes:
    """No more is kept than the request may cost, packed or unpacked."""

    @pytest.mark.parametrize(
        "answer",
        [
            lambda request: chain([ENDLESS], repeat(b" " * 65_536)),
            lambda request: chunks(repeat(b" " * 65_536)),
            lambda request: [response(b" " * 1_000_001)],
        ],
        ids=["endless", "endless chunks", "one byte too many"],
    )
    def test_more_is_not_read(self, answer):
        with serving(answer) as server, pytest.raises(TooLarge, match="more than 1,000,000 bytes"):
            ask(server.url)

    @pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
    def test_a_bomb_does_not_go_off(self, pack, request):
        bomb = pack(bytes(30_000_000))
        traced_peak = request.getfixturevalue("traced_peak")
        with answering(response(bomb, "Content-Encoding: gzip")) as (url, _):
            with pytest.raises(TooLarge):
                ask(url)
            assert traced_peak() < 5_000_000

    def test_what_compresses_well_is_read_up_to_the_bound(self):
        content = b'{"name": "%s"}' % (b"x" * 12_000_000)
        packed = gzip.compress(content)
        assert len(content) / len(packed) > 500
        with answering(response(packed, "Content-Encoding: gzip")) as (url, got):
            assert ask(url, Bounds(13_000_000, 5.0)) == content
        assert b"accept-encoding: gzip" in got[0].lower()


class TestContent:
    @pytest.mark.parametrize(
        ("answer", "says"),
        [
            (response(b"no gzip", "Content-Encoding: gzip"), "unpacked"),
            (response(gzip.compress(os.urandom(5000))[:-300], "Content-Encoding: gzip"), "only a part"),
            (response(gzip.compress(b"{}") + b"more", "Content-Encoding: gzip"), "only a part"),
            (response(b"{}", "Content-Encoding: br"), "unknown encoding"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", "only a part"),
        ],
    )
    def test_that_is_damaged_is_a_broken_connection(self, answer, says):
        with answering(answer) as (url, _), pytest.raises(BadAnswer, match=says):
            ask(url)

    @pytest.mark.parametrize(
        "answer",
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{", b"", b"no HTTP at all\r\n\r\n", b"HTTP/1.1 2"],
    )
    def test_an_answer_that_breaks_off_is_one_too(self, answer):
        with answering(answer) as (url, _), pytest.raises((OSError, http.client.HTTPException)):
            ask(url)

    @pytest.mark.parametrize("packing", ["gzip", "x-gzip", "deflate"])
    def test_without_content_is_empty(self, packing):
        with answering(response(b"", f"Content-Encoding: {packing}")) as (url, _):
            assert ask(url) == b""

    def test_of_a_part_of_a_file_is_not_asked_for_packed(self):
        with answering(response()) as (url, got):
            ask(url, headers={"Range": "bytes=0-10"})
        assert b"accept-encoding: identity" in got[0].lower()


class TestPlaces:
    @pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_no_redirect_is_followed(self, status, method):
        with elsewhere(status) as (url, got), pytest.raises(Redirected, match=str(status)):
            ask(url, method=method, body="secret", headers={"authorization": "Bearer secret"})
        assert got == []

    def test_nothing_leaves_this_machine_unencrypted(self):
        with pytest.raises(NeverConnected, match="unencrypted"):
            ask("http://drive.invalid/")

    @pytest.mark.parametrize("status", ["401 No", "403 No", "404 No", "500 No"])
    def test_other_answers_are_those_of_the_service(self, status):
        with answering(response(STOLEN, status=status)) as (url, got), closing(Http(5.0, SMALL)) as asking:
            answer, content = asking.request(url)
        assert (f"{answer.status} {answer.reason}", content, len(got)) == (status, STOLEN, 1)

    @pytest.mark.parametrize("headers", [[], ["Content-Encoding: gzip"]])
    def test_a_refusal_counts_whatever_its_content_is(self, headers):
        refusal = response(b"x" * 1_000_001, *headers, status="403 No")
        with answering(refusal) as (url, _), closing(Http(5.0, SMALL)) as asking:
            answer, content = asking.request(url)
        assert (answer.status, content) == (403, b"")


class TestOneConnection:
    def lasting(self) -> Callable[[bytes], Iterable[bytes]]:
        return lambda request: [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"]

    def test_that_was_closed_meanwhile_is_replaced_and_nothing_is_asked_twice(self):
        with serving(self.lasting()) as server, closing(Http(5.0, SMALL)) as asking:
            for _ in range(3):
                assert asking.request(server.url)[1] == b"{}"
                server.wait_until_all_are_closed()
            assert len(server.got) == 3

    def test_that_breaks_before_the_answer_is_not_tried_again(self):
        with serving(lambda request: [b""]) as server, pytest.raises(OSError, match="without response"):
            ask(server.url, method="POST", body="mail")
        assert len(server.got) == 1
