"""Runs a command that must not outlive its starter.

    python3 guard.py [--remove FOLDER] COMMAND [ARGUMENT ...]

The starter holds the other end of this script's standard input. When that closes, because the starter is done or
because it was killed, the command and everything it started is ended and FOLDER is removed. Until then each line on
standard input names a signal (`KILL`, `TERM`, `INT`, `STOP`, `CONT`) that is sent to the command itself and not to its children.

The exit code is the command's own; 128 plus the signal's number where a signal ended it.
"""

import argparse
import os
import select
import shutil
import signal
import subprocess
import sys
import time

GRACE_SECONDS = 3.0
POLL_SECONDS = 0.05


def main(arguments):
    options = parse(arguments)
    # Ctrl-C reaches this script too. It has to live on for the moment in which the starter's end closes the pipe.
    # A handler and not SIG_IGN, because a command inherits what is ignored.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGHUP, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        child = subprocess.Popen(options.command, stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        print(f"guard: cannot run {options.command[0]}: {error}", file=sys.stderr)
        return 127
    try:
        obey(sys.stdin.fileno(), child)
    finally:
        end(child)
        if options.remove:
            shutil.rmtree(options.remove, ignore_errors=True)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def parse(arguments):
    parser = argparse.ArgumentParser(description="Runs a command that must not outlive its starter.")
    parser.add_argument("--remove", metavar="FOLDER", help="a folder to remove when the command has ended")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND ...")
    options = parser.parse_args(arguments)
    if not options.command:
        parser.error("name the command to run")
    return options


def obey(orders, child):
    """Passes signals on until the command ends by itself or the orders do."""
    while child.poll() is None:
        ready, _, _ = select.select([orders], [], [], POLL_SECONDS)
        if not ready:
            continue
        received = os.read(orders, 4096)
        if not received:
            return
        for name in received.decode().split():
            child.send_signal(getattr(signal, "SIG" + name))


def end(child):
    """Ends the command and its children: asked first, then made to."""
    deadline = time.monotonic() + GRACE_SECONDS
    signal_group(child.pid, signal.SIGTERM)
    while time.monotonic() < deadline:
        child.poll()
        if not signal_group(child.pid, 0):
            break
        time.sleep(POLL_SECONDS)
    signal_group(child.pid, signal.SIGKILL)
    child.wait()


def signal_group(group, number):
    """Whether anybody was there to get the signal."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS says the second where only zombies are left
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
