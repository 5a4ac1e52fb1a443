#!/usr/bin/env python3
"""Tests `submit` on a real Slurm: munge, a controller and four workers on loopback, one of which is
killed during its work.

The merged result must equal the result of one machine, apart from times. Needs root; installs Debian's
slurm-wlm and munge if they are missing. All processes that it starts end with it, and every wait has a
limit. Exit codes: 0 passed, 1 failed, 2 Slurm is not available.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from records import rows, timeless

ROOT = Path(__file__).resolve().parent.parent
BENCH = Path(os.environ.get("OFFLOAD_BENCH", ROOT / "target/release/offload-bench")).resolve()
WORKERS = 4
NEEDED = ["munged", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue", "scancel", "sinfo"]

CONFIG = """format = "offload-config/1"
thresholds = [0.6, 0.9]
solvers = ["goa", "local-search", "bnb"]
certificates = true
threads = THREADS
[[solver]]
name = "slow"
id = "exec:python3 slow.py"
[[instances]]
family = "paper"
users = [6, 20]
seeds = { from = 1, count = 5 }
parameters = { interference = [true, false] }
"""

# Slow enough to be killed during a solve. Its path is relative to the configuration.
SLOW = """import json, sys, time
users = len(json.load(sys.stdin)["instance"]["users"])
time.sleep(1)
print(json.dumps({"format": "offload-plan/1", "assignment": [0] * users}))
"""

SLURM_CONF = """ClusterName=offload
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# A task that is queued again waits until its former credential has expired; two minutes by default.
AuthInfo=socket={work}/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={work}/state
SlurmdSpoolDir={work}/spool-%n
SlurmctldPidFile={work}/controller.pid
SlurmdPidFile={work}/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
# One processor per worker, whatever the machine has.
SlurmdParameters=config_overrides
MpiDefault=none
SwitchType=switch/none
# Looks for work every two seconds; every minute by default.
SchedulerParameters=sched_interval=2,bf_interval=2
ReturnToService=2
SlurmdTimeout=20
KillWait=5
MailProg=/bin/true
NodeName={nodes} NodeHostname={host} NodeAddr=127.0.0.1 Port={ports} CPUs=1 RealMemory=500 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class Failed(Exception):
    """The test did not pass."""


class Missing(Exception):
    """Slurm is not available."""


def run(*words, timeout=60, ok=(0,), **more):
    """Runs a command to its end; returns what it printed."""
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=timeout, **more)
    if done.returncode not in ok:
        raise Failed(f"{' '.join(map(str, words))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def until(what, seconds, check):
    """Polls every half second; returns the first true answer."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = check()
        if answer:
            return answer
        time.sleep(0.5)
    raise Failed(f"{what}: not within {seconds} s")


def bring_slurm():
    """Installs what is missing."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    lacking = [name for name in NEEDED if shutil.which(name) is None]
    if not lacking:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Missing(f"{', '.join(lacking)} missing; as root on Debian: apt-get install slurm-wlm munge")
    print("test-slurm: installing slurm-wlm and munge with apt-get", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "slurm-wlm", "munge"]):
        done = subprocess.run(["apt-get", "-o", "DPkg::Lock::Timeout=120", *words],
                              capture_output=True, text=True, timeout=600, env=environment)
        if done.returncode != 0:
            raise Missing(f"apt-get {' '.join(words)}:\n{done.stdout}{done.stderr}")
    lacking = [name for name in NEEDED if shutil.which(name) is None]
    if lacking:
        raise Missing(f"{', '.join(lacking)} still missing after apt-get install slurm-wlm munge")


def free_ports(count):
    """Free ports; held open together so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def children(pid):
    """All processes below one, from /proc."""
    below = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            below.setdefault(int(fields[1]), []).append(int(entry.name))
    found, queue = [], [pid]
    while queue:
        queue_next = below.get(queue.pop(), [])
        found += queue_next
        queue += queue_next
    return found


class Cluster:
    """A private Slurm in one folder."""

    def __init__(self, work):
        self.work = work
        self.daemons = {}
        self.nodes = [f"node{k}" for k in range(1, WORKERS + 1)]

    def start(self):
        """Starts everything and waits until all workers are idle."""
        work, host = self.work, socket.gethostname().split(".")[0]
        for name in ["munge", "state", *(f"spool-{n}" for n in self.nodes)]:
            (work / name).mkdir(mode=0o755)
        key = work / "munge/key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        controller, *ports = free_ports(1 + WORKERS)
        conf = work / "slurm.conf"
        conf.write_text(SLURM_CONF.format(host=host, controller=controller, work=work, nodes=",".join(self.nodes),
                                          ports=",".join(map(str, ports))))
        os.environ["SLURM_CONF"] = str(conf)
        munge = work / "munge"
        self.daemon("munged", "munged", "--foreground", "--key-file", key, "--socket", munge / "socket", "--pid-file",
                    munge / "pid", "--log-file", munge / "log", "--seed-file", munge / "seed")
        until("munged", 20, (munge / "socket").exists)
        self.daemon("slurmctld", "slurmctld", "-D", "-f", conf)
        for node in self.nodes:
            self.worker(node)
        until("four idle workers", 60, lambda: self.idle() == WORKERS)

    def daemon(self, name, *words):
        log = open(self.work / f"{name}.log", "ab")
        self.daemons[name] = subprocess.Popen([str(w) for w in words], stdout=log, stderr=log,
                                              stdin=subprocess.DEVNULL, start_new_session=True)

    def worker(self, node):
        self.daemon(node, "slurmd", "-D", "-N", node, "-f", self.work / "slurm.conf")

    def idle(self):
        done = subprocess.run(["sinfo", "-h", "-N", "-t", "idle"], capture_output=True, text=True, timeout=20)
        return len(done.stdout.splitlines())

    def kill_worker(self, node, batch):
        """Simulates a power loss of its machine: kills the daemon, its step daemon and all processes below."""
        step = int(Path(f"/proc/{batch}/stat").read_text().rsplit(")", 1)[1].split()[1])
        if "slurmstepd" not in Path(f"/proc/{step}/cmdline").read_text():
            raise Failed(f"process {step} above the task is no slurmstepd")
        self.daemons[node].kill()
        self.daemons[node].wait(10)
        victims = [step, *children(step)]
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return len(victims)

    def stop(self):
        """Ends every job, then every daemon."""
        if "slurmctld" in self.daemons and self.daemons["slurmctld"].poll() is None:
            subprocess.run(["scancel", "--full", "--signal=KILL", "-u", "root"], capture_output=True, timeout=20)
            subprocess.run(["scancel", "-u", "root"], capture_output=True, timeout=20)
            end = time.monotonic() + 20
            while time.monotonic() < end and self.busy():
                time.sleep(0.5)
        for process in reversed(list(self.daemons.values())):
            if process.poll() is None:
                process.terminate()
        for process in self.daemons.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

    def busy(self):
        done = subprocess.run(["squeue", "-h"], capture_output=True, text=True, timeout=20)
        return bool(done.stdout.strip())


def show(job):
    """What Slurm knows of a job."""
    text = run("scontrol", "-o", "show", "job", job)
    return dict(word.split("=", 1) for word in text.split() if "=" in word)


def running(array, shard):
    """The node and the batch process of a task, once it has some rows and before it has all."""
    job = f"{array}_{shard}"
    state = show(job)
    if state["JobState"] != "RUNNING":
        return None
    for line in run("scontrol", "listpids", state["JobId"], state["NodeList"]).splitlines()[1:]:
        pid = int(line.split()[0])
        parent = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        if "slurmstepd" in Path(f"/proc/{parent}/cmdline").read_text():
            return state["NodeList"], pid
    return None


def test(cluster, folder):
    """The campaign on one machine and on four, with a killed worker and a task at its time limit."""
    (folder / "slow.py").write_text(SLOW)
    (folder / "c.toml").write_text(CONFIG.replace("THREADS", "1"))
    (folder / "one.toml").write_text(CONFIG.replace("THREADS", "4"))
    run(BENCH, "run", "one.toml", "-o", "one", "--quiet", cwd=folder, timeout=300)
    total = rows(folder / "one")

    said = run(BENCH, "submit", "c.toml", "-o", "all", "--shards", WORKERS, "--partition", "main", "--time",
               "00:30:00", "--mem", "100", "--sbatch-arg=--comment=it's a test", cwd=folder)
    print(f"test-slurm: {said.strip()}", flush=True)
    words = said.split()
    array, behind = words[1].rstrip(":"), words[words.index("job", 2) + 1]
    shards = {k: folder / "all/shards" / str(k) for k in range(1, WORKERS + 1)}

    until("rows of shards 1 and 2", 60, lambda: rows(shards[1]) >= 8 and rows(shards[2]) >= 8)
    # The signal that Slurm sends before a time limit.
    run("scancel", "--batch", "--signal=USR1", f"{array}_2")
    node, batch = until("shard 1 at work", 20, lambda: running(array, 1))
    before = rows(shards[1])
    count = cluster.kill_worker(node, batch)
    print(f"test-slurm: killed {node} and {count} processes of shard 1 after {before} of its rows", flush=True)
    if not 0 < before < total // WORKERS:
        raise Failed(f"the kill came too late: {before} rows")
    time.sleep(2)
    cluster.worker(node)

    ended = until("the array and the job behind it", 240, lambda: finished(behind))
    states = {k: show(f"{array}_{k}") for k in shards}
    for k, state in states.items():
        print(f"test-slurm: shard {k}: {state['JobState']}, restarts {state['Restarts']}, {rows(shards[k])} rows")
        if state["JobState"] != "COMPLETED":
            raise Failed(f"shard {k}: {state['JobState']}")
    if states[1]["Restarts"] == "0" or states[2]["Restarts"] == "0":
        raise Failed("a task was not started again")
    if ended["JobState"] != "COMPLETED":
        raise Failed(f"merging: {ended['JobState']}")
    if timeless(folder / "all") != timeless(folder / "one"):
        raise Failed("the merged result is not the one-machine result")
    run(BENCH, "verify", "all", cwd=folder)
    # Where `submit` puts the logs, in a folder with a name that is hard to quote.
    log = (folder / "all/submit/logs/shard-2.log").read_text()
    if "queued again" not in log:
        raise Failed(f"the log of shard 2 does not tell of its time limit:\n{log}")
    if not (folder / "all/report.md").is_file():
        raise Failed("there is no report")
    print(f"test-slurm: passed; {total} rows from {WORKERS} workers, one killed and one at its time limit, are those of one machine")


def finished(job):
    """The state of a job that has ended."""
    state = show(job)
    ended = state["JobState"] not in ("PENDING", "RUNNING", "COMPLETING", "CONFIGURING")
    return state if ended else None


def tell_logs(work):
    """Prints the ends of all logs, to help find the cause."""
    for path in sorted(work.glob("*.log")) + sorted(work.glob("*/all/submit/logs/*.log")):
        lines = path.read_text(errors="replace").splitlines()[-12:]
        print(f"--- {path.name}\n" + "\n".join(lines), file=sys.stderr)


def main():
    if not BENCH.is_file():
        print(f"test-slurm: {BENCH} is missing: cargo build --release first, or set OFFLOAD_BENCH", file=sys.stderr)
        return 2
    try:
        bring_slurm()
        if os.geteuid() != 0:
            raise Missing("root is needed to start Slurm's daemons")
    except (Missing, subprocess.TimeoutExpired) as e:
        print(f"test-slurm: Slurm cannot be had here: {e}", file=sys.stderr)
        return 2
    # Clean up on every signal.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    work = Path(tempfile.mkdtemp(prefix="offload-slurm-"))
    # munge requires that all users may enter the folders above its socket.
    work.chmod(0o755)
    cluster = Cluster(work)
    try:
        cluster.start()
        folder = work / "a folder, 100% 'odd'"
        folder.mkdir()
        test(cluster, folder)
        return 0
    except (Failed, subprocess.TimeoutExpired) as e:
        print(f"test-slurm: FAILED: {e}", file=sys.stderr)
        tell_logs(work)
        return 1
    finally:
        cluster.stop()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
