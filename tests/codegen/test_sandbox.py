"""A hostile script stays where it was put, on every tier, and what it leaves behind is harmless."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codegen import sandbox
from codegen.sandbox import Outcome, Policy, bubblewrap, landlock, read_arrays, read_json, run_sandboxed, seccomp
from codegen.sandbox.harvest import collect
from kb.errors import AnalysisError, SandboxError

MIB = 1 << 20
# The package shows the function of the same name.
selftest_module = importlib.import_module("codegen.sandbox.selftest")
ROOT = Path(__file__).parents[2]
Try = Callable[..., Outcome]


@pytest.fixture(params=list(sandbox.TIERS))
def tier(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if name == bubblewrap.NAME and bubblewrap.program() is None:
        pytest.skip("bubblewrap is not installed here")
    if name == landlock.NAME and landlock.version() == 0:
        pytest.skip("the kernel here has no Landlock")
    return name


@pytest.fixture
def attempt(tier: str, tmp_path: Path) -> Try:
    """Run a few lines of Python in a tier, under a policy tight enough for a test."""

    def run(text: str, *argv: str, data: list[Path] | None = None, **limits: float) -> Outcome:
        code = tmp_path / "script.py"
        code.write_text(text)
        bounds: dict[str, float] = {"wall_seconds": 30, "cpu_seconds": 20, "memory_bytes": 512 * MIB} | limits
        policy = Policy(**bounds)  # type: ignore[arg-type]  # one mapping for whole and real limits
        return run_sandboxed(argv, code=code, data=data or [], output=tmp_path / "out", policy=policy, tier=tier)

    return run


def test_every_escape_of_the_self_test_is_stopped(tier: str) -> None:
    checks = sandbox.selftest(tier)
    assert [f"{check.name}: {check.detail}" for check in checks if not check.ok] == []
    assert len(checks) >= 20


def test_every_bomb_is_defused(tier: str) -> None:
    checks = list(sandbox.bombs(tier))
    assert [f"{check.name}: {check.detail}" for check in checks if not check.ok] == []
    assert len({check.name for check in checks}) >= 10


def test_a_bomb_that_goes_off_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_sandbox(*_: object, output: Path, **__: object) -> Outcome:
        output.mkdir()
        (output / "big").write_bytes(bytes(5 * MIB))
        return Outcome(
            exit_status=0,
            stopped="",
            stdout="x" * 99999,
            stderr="",
            tier="none",
            seconds=60.0,
            peak_memory=None,
            files=(),
            left_behind=(),
        )

    monkeypatch.setitem(sandbox.TIERS, "none", no_sandbox)
    assert not any(check.ok for check in sandbox.bombs("none"))


def test_the_self_test_notices_when_there_is_no_sandbox(tmp_path: Path) -> None:
    canary, data = tmp_path / "canary", tmp_path / "data"
    canary.write_text("secret")
    data.write_bytes(b"1234")
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as victim:
        target = {
            **{"canary": str(canary), "environment": [], "port": 1, "unix": "", "abstract": "", "size": 4},
            **{"outside": [str(tmp_path / "new")], "pid": victim.pid, "data": str(data)},
        }
        try:
            subprocess.run(
                [sys.executable, ROOT / "codegen/sandbox/probe.py", json.dumps(target)], cwd=tmp_path, check=True
            )
        finally:
            victim.kill()
    verdict = json.loads((tmp_path / "verdict.json").read_text())
    escaped = {name for name, row in verdict.items() if not row["ok"]}
    assert escaped >= {
        *("read a canary file", "read an environment secret", "write outside", "change files outside"),
        *("see host processes", "signal the parent", "start a process", "UDP", "link in the output folder"),
        "memory outside the limits",
    }


def test_data_go_in_and_results_come_out(attempt: Try, tmp_path: Path) -> None:
    data = tmp_path / "events.txt"
    data.write_text("1 2 3")
    outcome = attempt(
        "import json, sys\n"
        "total = sum(map(int, open(sys.argv[1]).read().split()))\n"
        "json.dump({'total': total}, open('sum.json', 'w'))\n"
        "print('done'); print('careful', file=sys.stderr); sys.exit(7)",
        str(data),
        data=[data],
    )
    assert (outcome.exit_status, outcome.stopped) == (7, "")
    assert (outcome.stdout, outcome.stderr) == ("done\n", "careful\n")
    assert outcome.files == ("sum.json",)
    assert read_json(tmp_path / "out", "sum.json", 1000) == {"total": 6}


def test_data_given_by_a_link_are_found_under_the_link(attempt: Try, tmp_path: Path) -> None:
    real, link = tmp_path / "deep" / "real.txt", tmp_path / "link.txt"
    real.parent.mkdir()
    real.write_text("contents")
    link.symlink_to(real)
    assert attempt("import sys; print(open(sys.argv[1]).read())", str(link), data=[link]).stdout == "contents\n"


def test_data_cannot_be_changed(attempt: Try, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.write_text("as it was")
    outcome = attempt(
        "import os, sys\n"
        "path = sys.argv[1]\n"
        "for way in (lambda: open(path, 'r+').write('x'), lambda: os.truncate(path, 0), lambda: os.unlink(path),\n"
        "            lambda: os.rename(path, path + '2'), lambda: os.chmod(path, 0o777)):\n"
        "    try: way()\n"
        "    except OSError: print('refused')\n",
        str(data),
        data=[data],
    )
    assert outcome.stdout.split() == ["refused"] * 5
    assert data.read_text() == "as it was"


def test_the_environment_holds_no_secret(attempt: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTBOOK_LLM_KEY", "s3cr3t")
    outcome = attempt("import os; print(dict(os.environ))")
    assert "s3cr3t" not in outcome.stdout
    assert "PYTHONHASHSEED" in outcome.stdout


def test_hash_order_is_the_same_in_every_run(attempt: Try) -> None:
    assert len({attempt("print(hash('muon'), list({'e', 'mu', 'tau', 'nu'}))").stdout for _ in range(3)}) == 1


def test_a_sleeping_script_is_stopped_by_the_clock(attempt: Try) -> None:
    outcome = attempt("import time; print('zzz', flush=True); time.sleep(600)", wall_seconds=1)
    assert "1 s of wall time" in outcome.stopped
    assert outcome.stdout == "zzz\n"
    assert not outcome.ok


def test_a_spinning_script_runs_out_of_processor_time(attempt: Try) -> None:
    outcome = attempt("while True: pass", cpu_seconds=1)
    assert outcome.exit_status in (128 + signal.SIGXCPU, 128 + signal.SIGKILL)


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param("b = bytearray(2 << 30)", id="heap"),
        pytest.param(
            "import mmap\nb = [mmap.mmap(-1, 32 << 20) for _ in range(64)]\nfor x in b: x.write(bytes(32 << 20))",
            id="shared",
        ),
    ],
)
def test_a_memory_bomb_does_not_get_its_memory(attempt: Try, bomb: str) -> None:
    outcome = attempt(bomb, memory_bytes=256 * MIB)
    assert not outcome.ok
    assert "MemoryError" in outcome.stderr or "Cannot allocate" in outcome.stderr or "memory" in outcome.stopped


def test_mapped_data_do_not_count_as_memory(attempt: Try, tmp_path: Path) -> None:
    data = tmp_path / "large"
    with data.open("wb") as file:
        file.truncate(1 << 30)
    text = "import mmap, sys\nf = open(sys.argv[1])\nm = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)\nprint(len(m))"
    assert attempt(text, str(data), data=[data], memory_bytes=256 * MIB).stdout == f"{1 << 30}\n"


def test_a_thread_bomb_is_stopped(attempt: Try) -> None:
    outcome = attempt(
        "import threading, time\nthreading.stack_size(65536)\n"
        "while True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
        threads=32,
    )
    assert "threads" in outcome.stopped or outcome.exit_status != 0


def test_no_file_grows_past_its_limit(attempt: Try, tmp_path: Path) -> None:
    outcome = attempt(
        "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "f = open('large', 'wb', buffering=0)\n"
        "try:\n    for _ in range(64): f.write(bytes(1 << 20))\nexcept OSError as e: print(type(e).__name__)",
        file_bytes=4 * MIB,
    )
    assert outcome.stdout == "OSError\n"
    assert (tmp_path / "out" / "large").stat().st_size == 4 * MIB


def test_the_output_folder_does_not_grow_past_its_limit(attempt: Try, tmp_path: Path) -> None:
    outcome = attempt(
        "for i in range(100000): open(f'part{i}', 'wb').write(bytes(1 << 20))",
        output_bytes=8 * MIB,
        wall_seconds=20,
    )
    assert not outcome.ok
    assert sum(path.stat().st_size for path in (tmp_path / "out").iterdir()) <= 8 * MIB


def test_a_flood_of_empty_files_is_stopped(attempt: Try, tmp_path: Path) -> None:
    outcome = attempt("i = 0\nwhile True:\n    open(str(i), 'w').close(); i += 1", output_files=50, wall_seconds=20)
    assert "files" in outcome.stopped
    assert len(list((tmp_path / "out").iterdir())) == 50


def test_temporary_files_have_a_limit_of_their_own(attempt: Try, tmp_path: Path) -> None:
    outcome = attempt(
        "import os\nfor i in range(4000): open(os.environ['TMPDIR'] + f'/{i}', 'wb').write(bytes(1 << 20))",
        scratch_bytes=8 * MIB,
        wall_seconds=20,
    )
    assert not outcome.ok
    assert outcome.files == ()


def test_a_flood_of_output_is_cut_in_the_middle(attempt: Try) -> None:
    outcome = attempt("print('first')\nfor i in range(200_000): print('x' * 99)\nprint('last')", stream_bytes=4096)
    assert outcome.ok
    assert outcome.stdout.startswith("first\n")
    assert outcome.stdout.endswith("last\n")
    assert "bytes left out" in outcome.stdout
    assert len(outcome.stdout) < 5000


def test_only_regular_files_of_plain_names_come_out(attempt: Try, tmp_path: Path) -> None:
    outcome = attempt(
        "import os\nopen('good.json', 'w').write('1')\nos.mkdir('folder')\nopen('folder/x', 'w')\n"
        "open('.hidden', 'w')\nopen('new\\nline', 'w')\n"
        "for way in (lambda: os.mkfifo('pipe'), lambda: os.symlink('/etc/passwd', 'link'),\n"
        "            lambda: os.link('good.json', 'twin')):\n"
        "    try: way()\n    except OSError: pass\n"
    )
    assert outcome.files == ("good.json",)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["good.json"]
    assert len(outcome.left_behind) == 3


def test_runs_side_by_side_do_not_meet(attempt: Try, tier: str, tmp_path: Path) -> None:
    code = tmp_path / "same.py"
    code.write_text("import sys; open('result', 'w').write(sys.argv[1])")

    def one(index: int) -> str:
        folder = tmp_path / f"out{index}"
        run_sandboxed([str(index)], code=code, data=[], output=folder, policy=Policy(wall_seconds=60), tier=tier)
        return (folder / "result").read_text()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, range(8))) == [str(index) for index in range(8)]


def _alive(mark: str) -> bool:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark in path.read_bytes().decode("utf-8", "replace").split("\0"):
                return True
        except OSError:
            continue
    return False


def _until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def test_the_script_dies_with_a_killed_supervisor(tier: str, tmp_path: Path) -> None:
    mark = f"orphan-{os.getpid()}-{tier}"
    code = tmp_path / "sleeper.py"
    code.write_text("import time; time.sleep(60)")
    supervisor = (
        "import sys; from pathlib import Path; from codegen.sandbox import TIERS, Policy\n"
        f"TIERS[{tier!r}](['-'.join(sys.argv[1:])], code=Path({str(code)!r}), data=[], "
        f"output=Path({str(tmp_path / 'out')!r}), policy=Policy())"
    )
    with subprocess.Popen([sys.executable, "-c", supervisor, *mark.split("-")], cwd=ROOT) as process:
        assert _until(lambda: _alive(mark))
        process.kill()
    assert _until(lambda: not _alive(mark))


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """Give a folder that every user of this machine can enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def started_by(user: dict[str, Any], text: str) -> subprocess.CompletedProcess[str]:
    """Run Python as another user: this one, or where its folder is closed to others, the same version elsewhere."""
    packages = Path(sysconfig.get_path("purelib"))
    elsewhere = shutil.which(f"python3.{sys.version_info.minor}", path="/usr/local/bin:/usr/bin")
    for python in filter(None, (sys.executable, elsewhere)):
        try:
            return subprocess.run(
                [python, "-c", text],
                capture_output=True,
                text=True,
                check=False,
                cwd=ROOT,
                **{**user, "env": {**user["env"], "PYTHONPATH": f"{ROOT}:{packages}", "PYTHONDONTWRITEBYTECODE": "1"}},
            )
        except PermissionError:
            continue
    pytest.skip("no Python of this version can be started by other users")


@pytest.mark.skipif(os.getuid() != 0, reason="the whole suite already runs as an ordinary user")
def test_tiers_hold_for_an_ordinary_user_too(tier: str, public_folder: Path) -> None:
    nobody = {"user": 65534, "group": 65534, "extra_groups": (), "env": {"HOME": str(public_folder)}}
    text = (
        f"from codegen.sandbox import selftest; import json; "
        f"print(json.dumps([[c.name, c.detail] for c in selftest({tier!r}) if not c.ok]))"
    )
    done = started_by(nobody, text)
    if "No module named" in done.stderr:
        pytest.skip("this checkout cannot be read by other users")
    assert done.stderr == ""
    assert json.loads(done.stdout) == []


def test_without_a_sandbox_nothing_runs_and_the_remedy_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    code = tmp_path / "script.py"
    code.write_text(f"open({str(ran)!r}, 'w')")

    def broken(*_: object, **__: object) -> Outcome:
        message = "broken: no namespaces for you"
        raise SandboxError(message)

    monkeypatch.setattr(selftest_module, "TIERS", {"broken for the test": broken})
    monkeypatch.setattr(bubblewrap, "program", lambda: None)
    with pytest.raises(SandboxError, match="no namespaces for you") as refusal:
        run_sandboxed([], code=code, data=[], output=tmp_path / "out")
    assert "install" in refusal.value.hint
    assert "bubblewrap" in refusal.value.hint
    assert not ran.exists()


def test_a_tier_that_leaks_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def leaky(argv: list[str], *, code: Path, output: Path, **_: object) -> Outcome:
        output.mkdir()
        verdict = {"read a canary file": {"ok": False, "detail": "succeeded"}}
        (output / "verdict.json").write_text(json.dumps(verdict))
        return Outcome(
            exit_status=0,
            stopped="",
            stdout="",
            stderr="",
            tier="leaky",
            seconds=0.0,
            peak_memory=None,
            files=("verdict.json",),
            left_behind=(),
        )

    monkeypatch.setattr(selftest_module, "TIERS", {"leaky": leaky})
    with pytest.raises(SandboxError, match="leaky: read a canary file: succeeded"):
        sandbox.choose()


def test_a_policy_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="memory_bytes must be positive"):
        Policy(memory_bytes=0)


@pytest.mark.parametrize("machine", list(seccomp.MACHINES))
def test_filter_programs_jump_only_inside_themselves(machine: str) -> None:
    code = np.frombuffer(seccomp.program(machine), np.dtype([("op", "u2"), ("t", "u1"), ("f", "u1"), ("k", "u4")]))
    for index, (operation, true, false, _) in enumerate(code.tolist()):
        if operation & 7 == 5:
            assert index + 1 + max(true, false) < len(code)
    assert len(code) < 4096
    assert code["op"][-1] == 6


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """Give the folder that a hostile script has left."""
    folder = tmp_path / "left"
    folder.mkdir()
    return folder


def _collect(left: Path, output: Path, *, file_bytes: int = 100, total_bytes: int = 1000) -> list[str]:
    descriptor = os.open(left, os.O_RDONLY)
    try:
        return collect(descriptor, output, file_bytes=file_bytes, total_bytes=total_bytes, files=5)[0]
    finally:
        os.close(descriptor)


def test_links_pipes_and_twins_are_left_behind(left: Path, tmp_path: Path) -> None:
    (left / "good").write_text("good")
    (left / "link").symlink_to("/etc/passwd")
    os.mkfifo(left / "pipe")
    (left / "first").write_text("twin")
    (left / "second").hardlink_to(left / "first")
    (left / "large").write_bytes(bytes(101))
    assert _collect(left, tmp_path / "out") == ["good"]


def test_a_link_in_the_way_is_replaced_and_not_written_through(left: Path, tmp_path: Path) -> None:
    (left / "result").write_text("new")
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "result").symlink_to(precious)
    assert _collect(left, tmp_path / "out") == ["result"]
    assert precious.read_text() == "mine"
    assert (tmp_path / "out" / "result").read_text() == "new"


def test_results_together_stay_within_the_limit(left: Path, tmp_path: Path) -> None:
    for name in "abcde":
        (left / name).write_bytes(bytes(80))
    assert _collect(left, tmp_path / "out", total_bytes=200) == ["a", "b"]


@pytest.mark.parametrize("text", ['{"a": NaN}', "[1, Infinity]", "{", "[" * 100_000, b"\xff\xfe".decode("latin-1")])
def test_json_that_is_not_plain_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text, encoding="latin-1")
    with pytest.raises(AnalysisError, match=r"r\.json is not valid JSON"):
        read_json(tmp_path, "r.json", MIB)


def test_results_are_not_read_through_links_or_past_the_limit(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("[1]")
    (tmp_path / "link.json").symlink_to("real.json")
    with pytest.raises(AnalysisError, match="no readable file"):
        read_json(tmp_path, "link.json", 10)
    with pytest.raises(AnalysisError, match="larger than 2 bytes"):
        read_json(tmp_path, "real.json", 2)
    with pytest.raises(AnalysisError, match="plain file name"):
        read_json(tmp_path, "../real.json", 10)


def test_arrays_with_objects_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", mask=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(AnalysisError, match="not a valid npz"):
        read_arrays(tmp_path, "m.npz", MIB)


def test_an_archive_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mask.npy", bytes(8 * MIB))
    with pytest.raises(AnalysisError, match="unpacks to 8388608 bytes"):
        read_arrays(tmp_path, "m.npz", 100 * 1024)


def test_arrays_come_back_as_they_were_written(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "m.npz", selected=np.array([True, False]), event=np.array([7, 9]))
    arrays = read_arrays(tmp_path, "m.npz", MIB)
    assert arrays["selected"].tolist() == [True, False]
    assert arrays["event"].tolist() == [7, 9]
