"""What `local_aws.py` changes in MiniStack."""

import asyncio

import h11
import hypercorn.protocol
from hypercorn.protocol.h11 import H11Protocol

import local_aws
from local_aws import WholeAnswers


def packets(protocol, *events):
    """What `protocol` hands to the network, piece by piece, for an answer to a request."""
    sent = []

    async def send(event):
        sent.append(event.data)

    # Without its constructor: that wants a whole server.
    subject = protocol.__new__(protocol)
    subject.send = send
    subject.connection = h11.Connection(h11.SERVER)
    subject.connection.receive_data(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    subject.connection.next_event()

    async def answer():
        for event in events:
            await subject._send_h11_event(event)

    asyncio.run(answer())
    return [packet for packet in sent if packet]


HEAD = h11.Response(status_code=200, headers=[("content-length", "2")])
BODY = h11.Data(data=b"{}")


def test_head_and_body_leave_together():
    (whole,) = packets(WholeAnswers, HEAD, BODY, h11.EndOfMessage())
    assert whole.endswith(b"\r\n\r\n{}")


def test_an_answer_without_a_body_is_sent_too():
    head = h11.Response(status_code=204, headers=[])
    (whole,) = packets(WholeAnswers, head, h11.EndOfMessage())
    assert whole.startswith(b"HTTP/1.1 204")


def test_an_interim_answer_is_not_kept():
    interim = h11.InformationalResponse(status_code=103, headers=[])
    assert len(packets(WholeAnswers, interim)) == 1


def test_the_change_is_still_needed_and_still_possible():
    assert len(packets(H11Protocol, HEAD, BODY, h11.EndOfMessage())) == 2
    assert hypercorn.protocol.H11Protocol is H11Protocol


def test_the_alias_is_part_of_the_arn():
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"

    def find(function_ref, **scope):
        return {}, {"FunctionArn": arn}, "f"

    found = local_aws.with_alias(find)
    assert found("f:page")[1]["FunctionArn"] == f"{arn}:page"
    assert found("f")[1]["FunctionArn"] == arn
