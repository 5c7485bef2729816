"""A run converts what is not done yet, notes each photo, and stops as it is told."""

import os
import signal

import pytest
from batch_run import RECIPE, Copier

from face3d.batch import run_options as options_of_run
from face3d.batch.manifest import read
from face3d.batch.options import arguments
from face3d.batch.run import plan, run
from face3d.errors import BatchError


def convert_options(words):
    """The namespace of these options."""
    return arguments().parse_args(words)


def names(options):
    """The photos of the manifest, in order."""
    return [line["name"] for line in read(options.manifest)]


@pytest.mark.parametrize(
    ("words", "taken"),
    [
        (
            "--csv {0}/b.csv --manifest {0}/b.csv",
            "--csv names {0}/b.csv, which is also what --manifest names",
        ),
        ("--manifest {0}/in/a.jpg", "--manifest names {0}/in/a.jpg, which is a file that is read"),
        ("--csv {0}/link.csv", "--csv names {0}/link.csv, which is a file that is read"),
        ("--sheet {0}/out/A_bust.html", "which is one of a photo's files. Choose another name for it."),
        ("--manifest {0}/out/one/../a_bust_report.json", "which is one of a photo's files"),
    ],
)
def test_a_file_about_the_run_takes_no_other_files_place(words, taken, tmp_path):
    photo = tmp_path / "in" / "a.jpg"
    (tmp_path / "link.csv").symlink_to(photo)
    options = convert_options([*words.format(tmp_path).split(), "-o", str(tmp_path / "out")])
    with pytest.raises(BatchError) as refused:
        options_of_run.check_overviews(options, [photo], ["a"])
    assert taken.format(tmp_path) in str(refused.value)
    apart = ["--csv", "b.csv", "--sheet", "b.html", "--manifest", "a_bust_report.json"]
    options_of_run.check_overviews(convert_options(apart), [photo], ["a"])


@pytest.fixture
def noting(run_options, tmp_path):
    """The options with a manifest, of which the next run goes on."""
    run_options.manifest, run_options.resume = tmp_path / "run.jsonl", True
    return run_options


def test_a_second_run_does_what_failed_changed_or_is_gone(noting, copier, tasks, capsys):
    photos = tasks(a=b"1", b=b"bad", c=b"3", d=b"4")
    assert run(photos, 0, noting, RECIPE, lambda _: copier) == 1
    assert names(noting) == ["a", "b", "c", "d"]
    (noting.output / "c.copy").unlink()
    photos[1].path.write_bytes(b"good")
    assert plan(photos, noting, RECIPE) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "2 of 4 photos would be converted, 2 are done already."
    assert [line.split(" -> ")[1].split("/")[-1] for line in said[-3:-1]] == ["b_*", "c_*"]
    again = Copier(noting.output)
    assert run(photos, 0, noting, RECIPE, lambda _: again) == 0
    assert again.asked == ["b", "c"]
    assert capsys.readouterr().err.splitlines()[-1] == "2 of 4 photos were done already."
    assert run(photos, 0, noting, RECIPE, lambda _: pytest.fail("loaded")) == 0


def test_fail_fast_stops_at_the_first_failure(run_options, copier, tasks, capsys):
    run_options.fail_fast = True
    assert run(tasks(a=b"1", b=b"bad", c=b"3"), 0, run_options, RECIPE, lambda _: copier) == 1
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
        run(photos, 0, noting, RECIPE, lambda _: interrupted)
    assert capsys.readouterr().err.startswith("Finishing what is under way; Ctrl-C again stops at once.\n")
    assert names(noting) == done and signal.getsignal(signal.SIGINT) is before
    rest = Copier(noting.output)
    assert run(photos, 0, noting, RECIPE, lambda _: rest) == 0
    assert rest.asked == ["abc"[index] for index in range(len(done), 3)]


def test_one_process_does_for_a_few_photos_and_no_more_than_there_are_photos(run_options, monkeypatch):
    monkeypatch.setattr(options_of_run, "cores", lambda: 8)
    monkeypatch.setattr(options_of_run, "memory_gb", lambda: 12.0)
    options = convert_options([])
    found = {count: options_of_run.chosen_jobs(options, count) for count in (1, 4, 5, 100)}
    assert found == {1: 1, 4: 1, 5: 5, 100: 6}  # 2 GB for each
    for more in (["--network", "dpt_large_384"], ["--prompt", "a man"], ["--jobs", "1"]):
        assert options_of_run.chosen_jobs(convert_options(more), 100) == 1
    assert options_of_run.chosen_jobs(convert_options(["--jobs", "20"]), 3) == 3
    monkeypatch.setattr(options_of_run, "memory_gb", lambda: 0.5)
    assert options_of_run.chosen_jobs(options, 100) == 1
