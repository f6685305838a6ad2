"""Starts MiniStack, with two changes.

A function that is called by the URL of an alias sees the alias in its ARN, as on AWS.

And the head of an answer is not sent without its body. Hypercorn writes the two one after the other. The Go programs among the clients, Terraform first of all, can lose an
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
from ministack.services import lambda_svc


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


def with_alias(find):
    """Finds a function like `find`; where it is named with an alias, its ARN has the alias too."""

    def found(function_ref, **scope):
        record, config, name = find(function_ref, **scope)
        base, _, alias = function_ref.partition(":")
        if config is not None and base == name and alias:
            arn = ":".join(config["FunctionArn"].split(":")[:7] + [alias])
            config = dict(config, FunctionArn=arn)
        return record, config, name

    return found


if __name__ == "__main__":
    lambda_svc._get_func_record_for_ref_in_scope = with_alias(lambda_svc._get_func_record_for_ref_in_scope)
    hypercorn.protocol.H11Protocol = WholeAnswers
    sys.exit(main())
