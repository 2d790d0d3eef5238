"""Measures llama.cpp on a GGUF file and writes the figures for `bench engine --peer`.

usage: llama_cpp.py DIRECTORY_OF_BINARIES MODEL.gguf THREADS OUT.json

Needs llama-bench and llama-batched-bench, built for this machine.
"""

import json
import pathlib
import subprocess
import sys

PREFILL, PROMPT, GENERATED, REPETITIONS = 1024, 16, 64, 5
SEQUENCES = (1, 8, 32)


def output(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return done.stdout.decode()


def median(values):
    return sorted(values)[len(values) // 2]


def prefill(binaries, model, threads):
    text = output(
        binaries / "llama-bench", "-m", model, "-t", threads, "-p", str(PREFILL), "-n", "0",
        "-r", str(REPETITIONS), "-o", "json",
    )
    return median(json.loads(text)[0]["samples_ts"])


def decode(binaries, model, threads):
    rates = {sequences: [] for sequences in SEQUENCES}
    for _ in range(REPETITIONS):
        text = output(
            binaries / "llama-batched-bench", "-m", model, "-t", threads, "-tb", threads,
            "-c", "4096", "-npp", str(PROMPT), "-ntg", str(GENERATED),
            "-npl", ",".join(map(str, SEQUENCES)), "--output-format", "jsonl",
        )
        for line in text.splitlines():
            if line.startswith("{"):
                row = json.loads(line)
                rates[row["pl"]].append(row["speed_tg"])
    return {f"decode{sequences}": median(values) for sequences, values in rates.items()}


def main(directory, model, threads, out):
    binaries = pathlib.Path(directory)
    figures = {"prefill": prefill(binaries, model, threads), **decode(binaries, model, threads)}
    pathlib.Path(out).write_text(json.dumps(figures) + "\n")
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
