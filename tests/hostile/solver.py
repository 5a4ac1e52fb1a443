#!/usr/bin/env python3
"""Hostile solvers for the tests of fences: `solver.py MODE [exec|serve]`.

Each mode is one function. It attacks, and answers or not. What it found out goes to stderr, which
the record keeps. Modes get a conversation, so that the same collection serves both protocols.
`my_solver.py`, the example of the documentation, must be in the same folder.
"""

import ctypes
import json
import mmap
import os
import resource
import signal
import socket
import sys
import threading
import time

from my_solver import solve

LONG = 1000  # seconds: longer than any limit of the tests


class Exec:
    """One problem on stdin, one plan on stdout."""

    def __init__(self):
        self.request = None

    def plan(self):
        """Reads the problem and solves it."""
        self.request = self.request or json.load(sys.stdin)
        problem, budget = self.request["problem"], self.request["budget"]
        return solve(self.request["instance"], problem["threshold"], problem["weights"],
                     budget["seed"], budget["time_limit_s"])

    def text(self, plan, **more):
        return json.dumps({"format": "offload-plan/1", "assignment": plan, **more}) + "\n"

    def answer(self, plan=None, **more):
        self.raw(self.text(self.plan() if plan is None else plan, **more))

    def raw(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        while data:
            data = data[os.write(1, data):]


class Serve(Exec):
    """A hello, then one line for each problem and for each answer."""

    def __init__(self):
        super().__init__()
        hello = {"protocol": "offload-solver/2", "name": "hostile", "version": "1"}
        self.raw(json.dumps(hello) + "\n")
        self.line = json.loads(sys.stdin.readline())

    def plan(self):
        line = self.line
        return solve(line["problem"], line["threshold"], line["weights"], line["seed"],
                     line["time_limit_s"])

    def text(self, plan, **more):
        return json.dumps({"id": self.line["id"], "assignment": plan, **more}) + "\n"


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def parents():
    """The supervisor and the harness."""
    supervisor = os.getppid()
    with open(f"/proc/{supervisor}/stat") as stat:
        harness = int(stat.read().rpartition(")")[2].split()[1])
    return supervisor, harness


def daemon(work, close=True):
    """Runs `work` in a session of its own, with another parent."""
    if os.fork():
        os.wait()
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    if close:
        for fd in (0, 1, 2):
            os.close(fd)
    work()
    os._exit(0)


def hoard(map_it, mib=600):
    """Touches memory, a MiB at a time."""
    data = map_it(mib << 20)
    for k in range(mib):
        data[k << 20:(k << 20) + (1 << 20)] = b"x" * (1 << 20)
    time.sleep(LONG)


# ---- The harness and its supervisor ----

def old_reply(t):
    """The reply of a worker before protocol 3, which made a record of 1e-9 s."""
    reply = {"killed": None, "code": 0, "signal": None, "stdout": t.text(t.plan()), "stderr": "",
             "time_s": 1e-9, "cpu_s": 0.0, "peak_memory_bytes": 1}
    return ("\noffload-worker/2 " + json.dumps(reply) + "\n").encode()


def new_reply():
    report = {"killed": None, "code": 0, "signal": None, "cpu_s": 0.0, "peak_memory_bytes": 1}
    return (json.dumps({"Report": report}) + "\n").encode()


def write_to(pids, data):
    opened = 0
    for pid in pids:
        for fd in range(64):
            try:
                out = os.open(f"/proc/{pid}/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK)
                os.write(out, data)
                opened += 1
            except OSError:
                pass
    say("opened", opened)


def forger_by_fd(t):
    write_to(parents(), old_reply(t) + new_reply())


def forger_by_stdout(t):
    t.raw(old_reply(t))


def forger_and_killer(t):
    write_to(parents(), old_reply(t))
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(LONG)


def tracer(_):
    """ptrace, pidfd_getfd and the memory of the supervisor and the harness."""
    libc = ctypes.CDLL(None, use_errno=True)
    taken = 0
    for pid in parents():
        taken += libc.ptrace(16, pid, 0, 0) == 0  # PTRACE_ATTACH
        pidfd = os.pidfd_open(pid)
        for fd in range(64):
            got = libc.syscall(438, pidfd, fd, 0)  # pidfd_getfd
            if got >= 0:
                taken += 1
        try:
            with open(f"/proc/{pid}/mem", "rb"):
                taken += 1
        except OSError:
            pass
    say("taken", taken)


def supervisor_killer(_):
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(LONG)


def supervisor_stopper(_):
    os.kill(os.getppid(), signal.SIGSTOP)
    time.sleep(LONG)


def supervisor_killer_with_daemon(_):
    daemon(lambda: time.sleep(LONG))
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(LONG)


def supervisor_stopper_with_daemon(_):
    daemon(lambda: time.sleep(LONG))
    os.kill(os.getppid(), signal.SIGSTOP)
    time.sleep(LONG)


def supervisor_interrupter(t):
    """Signals of a batch system must not end the supervisor."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        os.kill(os.getppid(), number)
    time.sleep(0.2)
    t.answer()


def own_group_killer(_):
    os.killpg(0, signal.SIGKILL)


def group_escaper(_):
    """Leaves its control groups, then takes memory."""
    for hierarchy in ("memory", "pids", "unified", ""):
        try:
            with open(f"/sys/fs/cgroup/{hierarchy}/cgroup.procs", "w") as procs:
                procs.write(str(os.getpid()))
        except OSError:
            pass
    hoard(lambda size: mmap.mmap(-1, size))


# ---- Processes that live on ----

def setsid_daemon(t):
    plan = t.plan()
    if not os.fork():
        os.setsid()
        time.sleep(LONG)
    t.answer(plan)


def double_fork_daemon(t):
    plan = t.plan()
    daemon(lambda: time.sleep(LONG))
    t.answer(plan)


def daemon_with_stdout(t):
    plan = t.plan()
    daemon(lambda: time.sleep(LONG), close=False)
    t.answer(plan)


def daemon_without_environment(t):
    plan = t.plan()
    daemon(lambda: os.execve("/bin/sleep", ["sleep", str(LONG), MARK], {}))
    t.answer(plan)


def busy_children(t):
    plan = t.plan()
    for _ in range(3):
        if not os.fork():
            while True:
                pass
    t.answer(plan)


def zombies(t):
    plan = t.plan()
    for _ in range(100):
        if not os.fork():
            os._exit(0)
    t.answer(plan)


def deaf(_):
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    time.sleep(LONG)


def stops_itself(_):
    os.kill(os.getpid(), signal.SIGSTOP)


# ---- Amounts ----

def stdout_flood(_):
    block = b"x" * (1 << 20)
    for _ in range(1 << 10):
        os.write(1, block)


def stderr_flood(_):
    while True:
        os.write(2, b"e" * (1 << 16))


def fork_bomb(_):
    for _ in range(1500):
        if not os.fork():
            time.sleep(LONG)
    time.sleep(LONG)


def thread_bomb(_):
    threading.stack_size(1 << 16)
    count = 0
    try:
        while count < 3000:
            threading.Thread(target=time.sleep, args=(LONG,), daemon=True).start()
            count += 1
    except RuntimeError:
        pass
    say("threads", count)
    os._exit(3)


def memory_hoarder(_):
    hoard(lambda size: mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))


def shared_memory_hoarder(_):
    hoard(lambda size: mmap.mmap(-1, size))


def memory_of_children(_):
    for _ in range(4):
        if not os.fork():
            hoard(lambda size: mmap.mmap(-1, size), 60)
    time.sleep(LONG)


def shares_memory(t):
    """Five processes with the same 60 MiB: within the limit of 150."""
    plan = t.plan()
    data = mmap.mmap(-1, 60 << 20)
    data[:] = b"x" * (60 << 20)
    for _ in range(4):
        if not os.fork():
            sum(data[k] for k in range(0, 60 << 20, 4096))
            time.sleep(0.4)
            os._exit(0)
    time.sleep(0.3)
    t.answer(plan)


def write_file(name, mib):
    with open(name, "wb") as file:
        for _ in range(mib):
            file.write(b"x" * (1 << 20))
            file.flush()


def tmpfs_hoarder(_):
    """A file in memory that no process maps: only control groups count it."""
    write_file(f"/dev/shm/{MARK}", 600)


def unlinked_tmpfs_hoarder(_):
    path = f"/dev/shm/{MARK}-unlinked"
    with open(path, "wb") as file:
        os.unlink(path)
        for _ in range(600):
            file.write(b"x" * (1 << 20))
    time.sleep(LONG)


def memfd_hoarder(_):
    fd = os.memfd_create("hoard")
    for _ in range(600):
        os.write(fd, b"x" * (1 << 20))
    time.sleep(LONG)


def many_files(_):
    kept = []
    try:
        while True:
            kept.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        say("files", len(kept))


def raises_limits(t):
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    say("core", soft, hard)
    t.answer()


def core_dump(_):
    os.abort()


# ---- What it can see ----

def environment_reader(t):
    say(sorted(os.environ))
    for pid in ["self", *parents()]:
        try:
            with open(f"/proc/{pid}/environ", "rb") as environ:
                say(pid, environ.read())
        except OSError:
            say("refused")
    t.answer()


def open_files(t):
    listed = os.listdir("/proc/self/fd")  # with that of the listing, which is closed by now
    say("files", sorted(int(fd) for fd in listed if os.path.exists(f"/proc/self/fd/{fd}")))
    t.answer()


def answer_key_reader(t):
    t.plan()
    say("key", "correct_" in json.dumps(t.request or t.line))
    t.answer()


def campaign_reader(t):
    """The certificates and records of the campaign."""
    try:
        say("sees", sorted(os.listdir("out")))
    except OSError as error:
        say("refused", error)
    t.answer()


def records_writer(t):
    for name in ("out/records.jsonl", "c.toml", "solver.py"):
        try:
            with open(name, "a") as file:
                file.write("forged\n")
            say("wrote", name)
        except OSError:
            say("refused")
    t.answer()


def folder_remover(t):
    import shutil
    plan = t.plan()
    shutil.rmtree(".", ignore_errors=True)
    t.answer(plan)


def network_user(t):
    for address in (("127.0.0.1", int(os.environ["HOSTILE_PORT"])), ("192.0.2.1", 80)):
        try:
            with socket.create_connection(address, 0.5):
                say("connected")
        except OSError:
            say("refused")
    t.answer()


def process_lister(t):
    say("processes", sum(name.isdigit() for name in os.listdir("/proc")))
    t.answer()


def kills_everything(_):
    """Only in a namespace of its own."""
    if os.getpid() < 50:
        if not os.fork():
            time.sleep(LONG)
        os.kill(-1, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
    sys.exit(9)


def symlinks_in_tmp(t):
    folder = os.environ.get("TMPDIR", "/tmp")
    for k in range(20):
        name = f"{folder}/.offload-{k}-{os.getpid()}"
        os.symlink(os.path.abspath("c.toml"), name)
        os.unlink(name)
    t.answer()


def lost_folder(t):
    plan = t.plan()
    folder = f"gone-{os.getpid()}"
    os.mkdir(folder)
    os.chdir(folder)
    os.rmdir(f"../{folder}")
    t.answer(plan)


# ---- Ends ----

def exit_code(_):
    sys.exit(7)


def own_signal(_):
    os.kill(os.getpid(), signal.SIGSEGV)


def answer_then_crash(t):
    t.answer()
    os.kill(os.getpid(), signal.SIGKILL)


def answer_then_fail(t):
    t.answer()
    sys.exit(1)


def answer_then_sleep(t):
    t.answer()
    time.sleep(LONG)


def sleeper(_):
    time.sleep(LONG)


def sleeper_with_daemon(_):
    daemon(lambda: time.sleep(LONG))
    time.sleep(LONG)


def late(t):
    plan = t.plan()
    time.sleep(0.5)
    t.answer(plan)


def closes_stdout(_):
    os.close(1)
    time.sleep(LONG)


def closes_stdin(t):
    plan = [0] * 5
    os.close(0)
    t.answer(plan)


def reads_nothing(t):
    t.answer([0] * 5)


def drip(t):
    for byte in t.text(t.plan()) * 100:
        t.raw(byte)
        time.sleep(0.05)


# ---- Clocks ----

def clock_changer(t):
    plan = t.plan()
    try:
        time.clock_settime(time.CLOCK_REALTIME, time.time() - 3600)
        say("changed")
    except OSError:
        say("refused")
    t.answer(plan)


def negative_time(t):
    t.answer(algorithm_time_s=-1.0)


def impossible_time(t):
    t.answer(algorithm_time_s=1e6)


# ---- Answers ----

def nothing(t):
    t.plan()


def two_answers(t):
    t.answer([])
    t.answer()


def truncated(t):
    t.raw(t.text(t.plan())[:-5])


def garbage_after(t):
    t.raw(t.text(t.plan()).rstrip() + " and more\n")


def as_entries(t, text):
    t.raw(t.text([777]).replace("777", text))


def nan(t):
    as_entries(t, "NaN")


def infinite(t):
    as_entries(t, "1e999")


def huge(t):
    as_entries(t, "99999999999999999999999999999")


def fraction(t):
    as_entries(t, "0.5")


def deep(t):
    as_entries(t, "[" * 20000 + "]" * 20000)


def long_string(t):
    t.answer([0] * 5, note="x" * 60000)


def invalid_utf8(t):
    t.raw(t.text(t.plan()).encode().replace(b"offload", b"offl\xff\xfed"))


def null_bytes(t):
    t.raw(b"\0\0\0" + t.text(t.plan()).encode())


def byte_order_mark(t):
    t.raw(b"\xef\xbb\xbf" + t.text(t.plan()).encode())


def doubled_key(t):
    t.raw(t.text(t.plan()).replace('"assignment"', '"assignment": [], "assignment"'))


def too_short(t):
    t.answer(t.plan()[:-1])


def too_long(t):
    t.answer(t.plan() + [None])


def out_of_range(t):
    t.answer([10 ** 6] * len(t.plan()))


def negative(t):
    t.answer([-2] * len(t.plan()))


def all_local(t):
    t.answer([None] * len(t.plan()))


def terminal_controls(t):
    say("\x1b[2J\x1b]0;title\x07")
    t.answer()


def good(t):
    t.answer()


MARK = os.environ.get("HOSTILE_MARK", "hostile")

if __name__ == "__main__":
    mode, protocol = sys.argv[1], (sys.argv[2:] or ["exec"])[0]
    globals()[mode](Serve() if protocol == "serve" else Exec())
