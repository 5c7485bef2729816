"""A run converts what is not done yet, notes each photo, and stops as it is told."""

import os
import signal

import pytest
from batch_run import RECIPE, Copier

from face3d.batch.manifest import read
from face3d.batch.run import plan, run


def names(options):
    """The photos of the manifest, in order."""
    return [line["name"] for line in read(options.manifest)]


@pytest.fixture
def noting(run_options, tmp_path):
    """The options with a manifest, of which the next run goes on."""
    run_options.manifest, run_options.resume = tmp_path / "run.jsonl", True
    return run_options


def test_a_second_run_does_what_failed_changed_or_is_gone(noting, copier, tasks, capsys):
    photos = tasks(a=b"1", b=b"bad", c=b"3", d=b"4")
    assert run(photos, 0, noting, RECIPE, copier) == 1
    assert names(noting) == ["a", "b", "c", "d"]
    (noting.output / "c.copy").unlink()
    photos[1].path.write_bytes(b"good")
    assert plan(photos, noting, RECIPE) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "2 of 4 photos would be converted, 2 are done already."
    assert [line.split(" -> ")[1].split("/")[-1] for line in said[-3:-1]] == ["b_*", "c_*"]
    again = Copier(noting.output)
    assert run(photos, 0, noting, RECIPE, again) == 0
    assert again.asked == ["b", "c"]
    assert run(photos, 0, noting, RECIPE, last := Copier(noting.output)) == 0
    assert last.asked == []


def test_fail_fast_stops_at_the_first_failure(run_options, copier, tasks, capsys):
    run_options.fail_fast = True
    assert run(tasks(a=b"1", b=b"bad", c=b"3"), 0, run_options, RECIPE, copier) == 1
    assert copier.asked == ["a", "b"]
    assert capsys.readouterr().err.splitlines()[-1] == (
        "Stopped at a photo that failed: 1 of 3 photos are done."
    )


@pytest.mark.skipif(os.name == "nt", reason="a process cannot send itself Ctrl-C there")
@pytest.mark.parametrize(("presses", "done"), [(1, ["a"]), (2, [])])
def test_ctrl_c_finishes_what_is_under_way_and_again_stops_at_once(
    presses, done, noting, copier, tasks, capsys
):
    before = signal.getsignal(signal.SIGINT)

    def interrupted(task, warn):
        for _ in range(presses):
            os.kill(os.getpid(), signal.SIGINT)
        return copier(task, warn)

    photos = tasks(a=b"1", b=b"2", c=b"3")
    said = f"{len(done)} of 3 photos are done. The same command with --resume goes on."
    with pytest.raises(KeyboardInterrupt, match=said):
        run(photos, 0, noting, RECIPE, interrupted)
    assert capsys.readouterr().err.startswith("Finishing what is under way; Ctrl-C again stops at once.\n")
    assert names(noting) == done and signal.getsignal(signal.SIGINT) is before
    assert run(photos, 0, noting, RECIPE, rest := Copier(noting.output)) == 0
    assert rest.asked == ["abc"[index] for index in range(len(done), 3)]
