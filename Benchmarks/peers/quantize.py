"""Time and memory of `pallet model quantize` beside llama.cpp's quantiser, on the same file, in turns.

The most memory is given twice: as the system counts it (resident, pages of mapped files included), and without those
pages, which the system can take back at any time. At the end llama.cpp opens what Pallet wrote and generates a few
tokens from it.
Prints one line of JSON. For quiet machines.

    python quantize.py f16.gguf --type q4_k_m --pallet .build/release/pallet
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

# LLAMA_FTYPE_MOSTLY_… of llama.h
TYPES = {"f16": 1, "q4_0": 2, "q8_0": 7, "q4_k_m": 15, "q5_k_m": 17, "q6_k": 18, "bf16": 32}

PEER = """
import sys, time, llama_cpp
source, target, kind, threads = sys.argv[1:]
parameters = llama_cpp.llama_model_quantize_default_params()
parameters.ftype, parameters.nthread = int(kind), int(threads)
start = time.perf_counter()
if llama_cpp.llama_model_quantize(source.encode(), target.encode(), parameters):
    sys.exit("llama.cpp could not quantise it")
print("seconds", time.perf_counter() - start)
"""

GENERATE = """
import sys, llama_cpp
llama = llama_cpp.Llama(sys.argv[1], n_ctx=64, n_threads=int(sys.argv[2]), verbose=False)
llama.eval(llama.tokenize(b"Hello world"))
tokens = []
for _ in range(8):
    tokens.append(llama.sample(temp=0))
    llama.eval(tokens[-1:])
print("tokens", len(tokens))
"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="GGUF file")
    parser.add_argument("--type", default="q4_k_m", choices=TYPES)
    parser.add_argument("--pallet", default=".build/release/pallet", help="the program")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", action="store_true", help="Pallet compares tensor by tensor afterwards, too")
    parser.add_argument("--scratch", help="folder for what is written (default: the system's)")
    return parser.parse_args()


def own_memory(process):
    """Bytes of memory that belong to no file; 0 where the process is gone."""
    try:
        with open(f"/proc/{process.pid}/status") as lines:
            return 1024 * next((int(line.split()[1]) for line in lines if line.startswith("RssAnon")), 0)
    except OSError:
        return 0


def measured(command):
    """Seconds, processor seconds and memory of a process, and its last line."""
    with tempfile.TemporaryFile() as output:
        start, own = time.perf_counter(), 0
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            own = max(own, own_memory(process))
            time.sleep(0.02)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        lines = output.read().decode(errors="replace").splitlines()
    if status:
        sys.exit(f"{command[0]} failed:\n" + "\n".join(lines[-10:]))
    return {
        "seconds": seconds, "processor_seconds": usage.ru_utime + usage.ru_stime, "peak_bytes": usage.ru_maxrss * 1024,
        "peak_own_bytes": own, "last": lines[-1] if lines else "",
    }


def summary(runs):
    return {
        "seconds": round(statistics.median(run["seconds"] for run in runs), 2),
        "seconds_spread": [round(pick(run["seconds"] for run in runs), 2) for pick in (min, max)],
        "processor_seconds": round(statistics.median(run["processor_seconds"] for run in runs), 2),
        "peak_mb": round(max(run["peak_bytes"] for run in runs) / 1e6),
        "peak_own_mb": round(max(run["peak_own_bytes"] for run in runs) / 1e6),
    }


def main():
    options = arguments()
    ours, theirs = [], []
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder, open(options.model, "rb") as file:
        while file.read(1 << 24):
            pass  # both find the file in the page cache
        own, other = os.path.join(folder, "pallet.gguf"), os.path.join(folder, "llama.gguf")
        pallet = [options.pallet, "model", "quantize", options.model, "--type", options.type, "--output", own,
                  "--threads", str(options.threads)] + ([] if options.check else ["--no-check"])
        peer = [sys.executable, "-c", PEER, options.model, other, str(TYPES[options.type]), str(options.threads)]
        for number in range(options.rounds):
            for path in (own, other):
                if os.path.exists(path):
                    os.remove(path)
            ours.append(measured(pallet))
            theirs.append(measured(peer))
            # Python and its imports do not count.
            theirs[-1]["seconds"] = float(theirs[-1]["last"].split()[-1])
            print(f"round {number + 1}: {ours[-1]['seconds']:.1f} s, llama.cpp {theirs[-1]['seconds']:.1f} s",
                  file=sys.stderr, flush=True)
        generated = measured([sys.executable, "-c", GENERATE, own, str(options.threads)])["last"]
        sizes = [os.path.getsize(path) for path in (own, other)]
    print(json.dumps({
        "model": options.model, "type": options.type, "threads": options.threads, "rounds": options.rounds,
        "pallet": summary(ours), "llama.cpp": summary(theirs), "bytes": dict(zip(("pallet", "llama.cpp"), sizes)),
        "ratio": round(summary(theirs)["seconds"] / summary(ours)["seconds"], 3),
        "llama.cpp_generates_from_ours": generated,
    }))


if __name__ == "__main__":
    main()
