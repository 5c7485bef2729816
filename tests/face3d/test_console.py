"""How a command ends: exit codes, and what is printed then."""

import os
import sys

import pytest

from face3d import console
from face3d.errors import PhotoError

FULL = (
    "What this program prints cannot be written: No space left on device. "
    "Make room there, or send it elsewhere.\n"
)


def ends(error):
    """The exit code of a command that this exception ends."""

    def command():
        raise error

    return console.run(command)


def test_the_code_of_a_command_is_returned(capsys):
    assert [console.run(lambda code=code: code) for code in (0, 1, 7)] == [0, 1, 7]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (PhotoError("It is empty; choose another."), 1, "It is empty; choose another.\n"),
        (OSError(24, "Too many open files"), 1, "[Errno 24] Too many open files\n"),
        (OSError(28, "No space left on device"), 1, FULL),
        (MemoryError(), 1, "There is not enough memory. Close other programs.\n"),
        (KeyboardInterrupt(), 130, "Stopped.\n"),
        (KeyboardInterrupt("2 of 3 photos are done."), 130, "Stopped. 2 of 3 photos are done.\n"),
    ],
)
def test_what_ends_a_command_is_said_in_one_line(error, code, says, capsys):
    assert ends(error) == code
    assert capsys.readouterr() == ("", says)


def test_a_fault_of_the_program_is_a_traceback():
    with pytest.raises(ZeroDivisionError):
        ends(ZeroDivisionError())


@pytest.mark.parametrize("at_once", [True, False])
def test_a_closed_pipe_ends_a_command_without_a_word(at_once, monkeypatch, capsys):
    """Written at once, or kept back to the end, as what `--help` writes."""
    reader, writer = os.pipe()
    os.close(reader)

    def command():
        sys.stdout.write("a line")
        if at_once:
            sys.stdout.flush()
        return 0

    with open(writer, "w") as pipe, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", pipe)
        assert console.run(command) == 141
        pipe.flush()  # as Python does at its end
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
@pytest.mark.parametrize("at_once", [True, False])
def test_an_output_without_room_is_one_sentence(at_once, monkeypatch, capsys):
    def command():
        sys.stdout.write("a line")
        if at_once:
            sys.stdout.flush()
        return 0

    with open("/dev/full", "w") as full, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", full)
        assert console.run(command) == 1
        full.flush()  # as Python does at its end
        patch.setattr(sys, "stderr", open("/dev/full", "w"))  # noqa: SIM115 - for errors
        assert ends(PhotoError("It is empty; choose another.")) == 1
        sys.stderr.close()
    assert capsys.readouterr().err == FULL


def test_a_command_without_an_output_runs(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert console.run(lambda: 0) == 0


def test_a_command_with_closed_streams_runs(monkeypatch):
    """As after `2>&-`: whether it is a terminal is asked of both, and a sentence is written."""
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)

    def command():
        sys.stderr.write("a sentence")
        return int(sys.stdout.isatty() or sys.stderr.isatty())

    assert console.run(command) == 0 and ends(PhotoError("It is empty; choose another.")) == 1
    sys.stdout.close()
    sys.stderr.close()
