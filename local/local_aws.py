"""Starts MiniStack, with one change to its web server: the head of an answer is not sent without its body.

Hypercorn writes the two one after the other. The Go programs among the clients, Terraform first of all, can lose an
answer that arrives in such pieces: as soon as the AWS SDK has the head, it closes the body of its own request; if
Go's `net/http` is not yet done with that, which happens on a busy machine, it takes that for an error, closes the
connection under the rest of the answer, and the SDK sends the request again. Sent twice, the request that takes a
lock fails on the lock that it has just taken.
"""

import sys

import h11
import hypercorn.protocol
from hypercorn.events import RawData
from hypercorn.protocol.h11 import H11Protocol
from ministack.app import main


class WholeAnswers(H11Protocol):
    """Keeps the head of an answer until there is something to send with it."""

    unsent = b""

    async def _send_h11_event(self, event):
        try:
            self.unsent += self.connection.send(event)
        except h11.LocalProtocolError:
            # As Hypercorn has it: with a client that broke the protocol there is nothing left to say.
            if self.connection.their_state is not h11.ERROR:
                raise
            return
        if not isinstance(event, h11.Response):
            data, self.unsent = self.unsent, b""
            await self.send(RawData(data=data))


if __name__ == "__main__":
    hypercorn.protocol.H11Protocol = WholeAnswers
    sys.exit(main())
