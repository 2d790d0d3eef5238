"""average.py --runs RUN RUN.. --out RUN: the mean of the weights of finished runs, as a run for export.py.

Runs that went on from one another at a low rate end in the same valley of the loss; the mean of their ends lies lower than
either. Runs that share no history have nothing in common: their mean is noise.
"""

import argparse
import json
import logging
from pathlib import Path

import torch

log = logging.getLogger("average")


def average(directories, out):
    """Writes the state of the last run with the mean of all runs' weights."""
    states = [torch.load(directory / "state.pt", map_location="cpu", weights_only=True) for directory in directories]
    shapes = [{name: tuple(tensor.shape) for name, tensor in state["model"].items()} for state in states]
    for directory, own in zip(directories, shapes, strict=True):
        if own != shapes[0]:
            raise SystemExit(f"{directory} holds another architecture than {directories[0]}: there is no mean of the two")
    result = states[-1]
    for name in result["model"]:
        result["model"][name] = torch.stack([state["model"][name].double() for state in states]).mean(0).float()
    out.mkdir(parents=True, exist_ok=True)
    torch.save(result, out / "state.pt")
    (out / "average.json").write_text(json.dumps({str(d): s["tokens"] for d, s in zip(directories, states)}) + "\n")
    log.info("the mean of %d runs is in %s", len(states), out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="directories of train.py, oldest first")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    average(arguments.runs, arguments.out)


if __name__ == "__main__":
    main()
