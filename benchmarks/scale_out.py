"""A loss over a million classes whose logits are never in one place. Prints one Markdown table.

The head (1 000 000 x 64, float32) lies on disk in 40 blocks; its logits for 256 rows would take
977 MiB, and each worker may use 400 MB. Two passes: the state of every block, merged in a tree,
then the gradient with respect to the hidden layer, for which each block's logits are made again.
The peak is the most memory that a process ever held (VmHWM of Linux), its libraries included.
"""

import argparse
import itertools
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in Dask's workers: equal bits

import dask
import distributed
import numpy as np
import psutil
from dask.distributed import Client, LocalCluster, as_completed

import nll
from nll.blocks import block_gradient, block_state, merge_states

ROWS, WIDTH, CLASSES, BLOCKS = 256, 64, 1_000_000, 40
EACH = CLASSES // BLOCKS


def write_head(folder):
    """Write the weights, a file for each block."""
    rng = np.random.default_rng(7)
    for b in range(BLOCKS):
        np.save(Path(folder, f"{b}.npy"), rng.normal(scale=0.6, size=(EACH, WIDTH)).astype("f4"))


def state_of(folder, hidden, labels, b):
    """Return what block `b` has to report."""
    return block_state(hidden @ np.load(Path(folder, f"{b}.npy")).T, labels, b * EACH)


def back(folder, hidden, labels, state, b):
    """Return what block `b` sends back to the hidden layer."""
    weights = np.load(Path(folder, f"{b}.npy"))
    return block_gradient(hidden @ weights.T, labels, state, b * EACH) @ weights


def tree(call, merge, items, every=8):
    """Merge neighbors, level by level."""
    while len(items) > 1:
        items = [call(merge, items[i : i + every]) for i in range(0, len(items), every)]
    return items[0]


def here(function, *arguments):
    """Call a function in this process."""
    return function(*arguments)


def both_passes(call, folder, hidden, labels, after_submitting=lambda states: None):
    """Return the state of all classes and the slope at the hidden layer."""
    states = [call(state_of, folder, hidden, labels, b) for b in range(BLOCKS)]
    after_submitting(states)
    state = tree(call, merge_states, states)
    slopes = [call(back, folder, hidden, labels, state, b) for b in range(BLOCKS)]
    return state, tree(call, sum, slopes)


def peak():
    """Return the most memory that this process ever held, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def in_processes(workers, folder, hidden, labels, kill=False):
    """Return state and slope from a cluster, its seconds, and its workers' peaks in MiB."""
    options = {"threads_per_worker": 1, "memory_limit": "400MB", "host": "127.0.0.1"}
    options |= {"dashboard_address": ":0", "silence_logs": logging.CRITICAL}
    options |= {"local_directory": folder}
    with LocalCluster(n_workers=workers, **options) as cluster, Client(cluster) as client:
        sent = client.scatter([hidden, labels], broadcast=True)
        victim = min(client.run(os.getpid).values())

        def kill_one(states):
            for _ in itertools.islice(as_completed(states), 5):
                pass
            psutil.Process(victim).kill()

        begin = time.perf_counter()
        after = kill_one if kill else lambda states: None
        state, slope = client.gather(both_passes(client.submit, folder, *sent, after))
        seconds = time.perf_counter() - begin
        return state, slope, seconds, list(client.run(peak).values())


def in_one_process(folder, hidden, labels):
    """Return state and slope from a plain loop, its seconds, and this process's peak in MiB."""
    begin = time.perf_counter()
    state, slope = both_passes(here, folder, hidden, labels)
    return state, slope, time.perf_counter() - begin, [peak()]


def main():
    """Print the table: a plain loop, one worker, two, and two of which one is killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each, taken in turn")
    runs = parser.parse_args().runs
    if not Path("/proc/self/status").exists():
        sys.exit("The peaks of memory are read from /proc, which only Linux has.")
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(ROWS, WIDTH)).astype("f4")
    labels = rng.integers(CLASSES, size=ROWS)
    ways = {
        "a loop in one process": in_one_process,
        "one worker": lambda *data: in_processes(1, *data),
        "two workers": lambda *data: in_processes(2, *data),
        "two workers, one killed": lambda *data: in_processes(2, *data, kill=True),
    }
    done = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        write_head(folder)
        for _ in range(runs):
            for way, run in ways.items():
                done[way].append(run(folder, hidden, labels))
    first_state, first_slope, *_ = done["a loop in one process"][0]
    print(
        f"nll {nll.__version__}, numpy {np.__version__}, dask {dask.__version__}, "
        f"distributed {distributed.__version__}, Python {sys.version.split()[0]}, "
        f"{os.cpu_count()} cores, {runs} runs of each\n"
    )
    print("| | peak of a process, MiB | seconds | same bits as the first run |")
    print("| --- | --- | --- | --- |")
    for way, results in done.items():
        peaks = [p for *_, peaks in results for p in peaks]
        seconds = [s for _, _, s, _ in results]
        same = sum(
            np.array_equal(slope, first_slope) and all(map(np.array_equal, state, first_state))
            for state, slope, *_ in results
        )
        print(
            f"| {way} | {min(peaks):.0f} to {max(peaks):.0f} "
            f"| {min(seconds):.1f} to {max(seconds):.1f} | {same} of {runs} |"
        )


if __name__ == "__main__":
    main()
