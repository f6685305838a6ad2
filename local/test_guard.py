"""What `guard.py` promises, tried on real processes."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

GUARD = str(pathlib.Path(__file__).with_name("guard.py"))
# Writes its own process id and that of a child to a file, then both wait.
FAMILY = "sleep 60 & echo $$ $! > {pids}.new; mv {pids}.new {pids}; wait"


def start(*arguments, **settings):
    return subprocess.Popen([sys.executable, GUARD, *arguments], stdin=subprocess.PIPE, **settings)


def start_family(folder, trap=""):
    pids = folder / "pids"
    guard = start("sh", "-c", trap + FAMILY.format(pids=pids))
    wait_until(pids.exists)
    return guard, [int(word) for word in pids.read_text().split()]


def wait_until(true, seconds=10):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie has ended; whoever adopted it has only not looked yet.
    status = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return not status.strip().startswith("Z") and status.strip() != ""


def test_a_closed_pipe_ends_the_command_and_its_children(tmp_path):
    guard, pids = start_family(tmp_path)
    guard.stdin.close()
    assert guard.wait(10) == 128 + signal.SIGTERM
    wait_until(lambda: not any(map(is_alive, pids)))


def test_a_command_that_ignores_the_request_is_made_to_end(tmp_path):
    guard, pids = start_family(tmp_path, trap="trap '' TERM; ")
    guard.stdin.close()
    assert guard.wait(10) == 128 + signal.SIGKILL
    wait_until(lambda: not any(map(is_alive, pids)))


def test_a_killed_starter_takes_the_command_with_it(tmp_path):
    pids = tmp_path / "pids"
    script = (
        "import subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, {GUARD!r}, 'sh', '-c', {FAMILY.format(pids=pids)!r}], stdin=subprocess.PIPE)\n"
        "time.sleep(60)\n"
    )
    starter = subprocess.Popen([sys.executable, "-c", script])
    wait_until(pids.exists)
    family = [int(word) for word in pids.read_text().split()]
    starter.kill()
    starter.wait(10)
    wait_until(lambda: not any(map(is_alive, family)))


def test_an_order_reaches_the_command_alone_and_the_rest_is_swept_up_after(tmp_path):
    guard, pids = start_family(tmp_path)
    guard.stdin.write(b"KILL\n")
    guard.stdin.flush()
    assert guard.wait(10) == 128 + signal.SIGKILL
    wait_until(lambda: not any(map(is_alive, pids)))


def test_ctrl_c_does_not_end_the_guard_before_its_starter(tmp_path):
    guard, pids = start_family(tmp_path)
    guard.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert guard.poll() is None and all(map(is_alive, pids))
    guard.stdin.close()
    guard.wait(10)


@pytest.mark.parametrize("code", [0, 3])
def test_the_exit_code_is_the_commands_own(code):
    assert start("sh", "-c", f"exit {code}").wait(10) == code


def test_the_folder_is_removed_at_the_end(tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    (folder / "file").write_text("x")
    assert start("--remove", str(folder), "true").wait(10) == 0
    assert not folder.exists()


def test_a_command_that_cannot_be_run_is_named(tmp_path):
    guard = start(str(tmp_path / "nothing"), stderr=subprocess.PIPE, text=True)
    _, complaint = guard.communicate(timeout=10)
    assert guard.returncode == 127
    assert "cannot run" in complaint and "nothing" in complaint


def test_no_command_at_all_is_refused():
    guard = start(stderr=subprocess.PIPE, text=True)
    _, complaint = guard.communicate(timeout=10)
    assert guard.returncode == 2
    assert "name the command to run" in complaint
