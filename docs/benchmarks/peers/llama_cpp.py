"""Measures llama.cpp on a GGUF file, in turns with `bench engine --peer`, which says how to ask.

usage: llama_cpp.py DIRECTORY_OF_BINARIES MODEL.gguf THREADS

Needs llama-bench and llama-batched-bench, built for this machine. Asked "prefill TOKENS" or "decode
SEQUENCES PROMPT STEPS" on standard input, it answers with tokens per second: the median of three.
"""

import json
import pathlib
import subprocess
import sys

REPETITIONS = 3
CONTEXT_MIN = 4096


def output(*command):
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        check=True,
    )
    return done.stdout.decode()


def median(values):
    return sorted(values)[len(values) // 2]


def prefill(binaries, model, threads, tokens):
    text = output(
        binaries / "llama-bench", "-m", model, "-t", threads, "-p", tokens, "-n", 0,
        "-r", REPETITIONS, "-o", "json",
    )
    return median(json.loads(text)[0]["samples_ts"])


def decode(binaries, model, threads, sequences, prompt, steps):
    text = output(
        binaries / "llama-batched-bench", "-m", model, "-t", threads, "-tb", threads,
        "-c", max(CONTEXT_MIN, sequences * (prompt + steps)), "-npp", prompt, "-ntg", steps,
        "-npl", ",".join([str(sequences)] * REPETITIONS), "--output-format", "jsonl",
    )
    return median([json.loads(line)["speed_tg"] for line in text.splitlines() if line[:1] == "{"])


KINDS = {"prefill": prefill, "decode": decode}


def main(directory, model, threads):
    for line in sys.stdin:
        kind, *numbers = line.split()
        measure = KINDS.get(kind)
        answer = measure(pathlib.Path(directory), model, threads, *map(int, numbers)) if measure else None
        print("none" if answer is None else answer, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
