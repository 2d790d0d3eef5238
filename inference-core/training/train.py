"""train.py --data DATA --run RUN --config CONFIG: trains the model, or continues the run where its last checkpoint ends.

The schedule counts tokens: warm-up, constant, linear decay to nothing. The decay begins after stable_tokens, or as soon as a
file RUN/decay exists; the file may hold the number of tokens the decay takes. A run that was paused, killed or moved goes on
exactly as it would have. RUN/log.jsonl gets a line every few steps, RUN/state.pt everything needed to continue.

--initial MODEL starts a new run from an exported checkpoint with the same tokenizer: its weights, a fresh optimiser. MODEL may
also be the directory of another run: then its optimiser's state is taken over as well.
"""

import argparse
import json
import logging
import os
import sys
import time
from pathlib import Path

# Without these, glibc gives each large tensor back to the kernel and page faults double the time of a step; and a thread that
# waits for another would burn the processor it waits for.
ALLOCATOR = {"OMP_WAIT_POLICY": "PASSIVE", "MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 36), "MALLOC_TOP_PAD_": str(1 << 28)}
if __name__ == "__main__" and not all(name in os.environ for name in ALLOCATOR):
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ALLOCATOR})

import numpy as np
import torch

import model as decoder
from model import Architecture, Model
from optimiser import Optimiser
from packing import LOSSES, Corpus, Stream, ahead, collate, grouped

LOG_STEPS = 10
VALIDATION_STEPS = 250
VALIDATION_TREES = 96
CHECKPOINT_SECONDS = 180

log = logging.getLogger("train")


class Schedule:
    """The factor of the learning rates as a function of the tokens seen."""

    def __init__(self, config):
        self.warmup, self.decay_start, self.decay = config["warmup_tokens"], config["stable_tokens"], config["decay_tokens"]

    def factor(self, tokens):
        return min(1.0, (tokens + 1) / self.warmup) * min(1.0, max(0.0, 1 - (tokens - self.decay_start) / self.decay))

    def finished(self, tokens):
        return tokens >= self.decay_start + self.decay

    def obey(self, request, tokens):
        """Begins the decay now if the file asks for it and it has not begun."""
        if tokens < self.decay_start and request.exists():
            text = request.read_text().strip()
            self.decay_start, self.decay = tokens, int(text) if text else self.decay
            log.info("decay begins at %d tokens and takes %d", self.decay_start, self.decay)


class Run:
    def __init__(self, directory, config, corpus):
        self.directory, self.config, self.corpus = directory, config, corpus
        self.device = torch.device(config["device"])
        torch.manual_seed(config["seed"])
        self.model = Model(Architecture(**config["architecture"]), config["seed"]).to(self.device)
        self.optimiser = Optimiser(self.model, config["matrix_rate"], config["other_rate"], config["weight_decay"])
        self.schedule = Schedule(config)
        self.stream = Stream(corpus, config["seed"], config["step_tokens"], config["group_tokens"])
        self.place = Stream.START
        self.step = self.tokens = 0
        self.seconds = 0.0

    def batch(self, groups):
        return collate(groups, self.corpus.pad, self.model.architecture.chunk, self.device)

    def parts(self, groups):
        """The groups of a step in parts of about micro_tokens."""
        parts, size = [[]], 0
        for group in groups:
            area = len(group) * len(group[-1].token)
            if size and size + area > self.config["micro_tokens"] * 1.15:
                parts.append([])
                size = 0
            parts[-1].append(group)
            size += area
        return [self.batch(part) for part in parts]

    def train_step(self, groups):
        """One update. Returns loss sums and counts per kind of token, the balance loss and the expert counts."""
        parts = self.parts(groups)
        total = sum(float(part.weight.sum()) for part in parts)
        sums, sizes = torch.zeros(len(LOSSES), device=self.device), torch.zeros(len(LOSSES), device=self.device)
        counts = 0
        for part in parts:
            loss, each, balance, count = self.model.loss(part, total)
            (loss + self.config["balance_weight"] / len(parts) * balance).backward()
            sums.index_add_(0, part.task, each)
            sizes.index_add_(0, part.task, torch.ones_like(each))
            counts = counts + count
        self.optimiser.step(self.schedule.factor(self.tokens))
        self.step += 1
        self.tokens += sum(len(tree.token) for group in groups for tree in group)
        return sums.cpu(), sizes.cpu(), float(balance.detach()), counts.cpu()

    @torch.no_grad()
    def validate(self):
        """Loss per kind of token on a fixed sample of the validation split."""
        rng = np.random.default_rng(0)
        units = self.corpus.units("validation", rng)
        trees = [tree for tree in (self.corpus.tree(*unit, rng) for unit in units[:VALIDATION_TREES]) if tree is not None]
        sums, sizes = torch.zeros(len(LOSSES)), torch.zeros(len(LOSSES))
        for group in grouped(trees, 4096):
            batch = self.batch([group])
            _, each, _, _ = self.model.loss(batch, 1.0)
            sums.index_add_(0, batch.task.cpu(), each.cpu())
            sizes.index_add_(0, batch.task.cpu(), torch.ones(len(each)))
        return {name: round(float(s / n), 4) for name, s, n in zip(LOSSES, sums, sizes)}

    def save(self):
        state = {
            "model": self.model.state_dict(), "optimiser": self.optimiser.state(), "schedule": vars(self.schedule),
            "place": self.place, "step": self.step, "tokens": self.tokens, "seconds": self.seconds,
            "config": self.config, "random": torch.get_rng_state(),
        }
        unfinished = self.directory / "state.pt.tmp"
        with open(unfinished, "wb") as out:
            torch.save(state, out)
            out.flush()
            os.fsync(out.fileno())
        os.replace(unfinished, self.directory / "state.pt")

    def restore(self):
        state = torch.load(self.directory / "state.pt", map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimiser.load(state["optimiser"])
        vars(self.schedule).update(state["schedule"])
        self.place = tuple(state["place"])
        self.step, self.tokens, self.seconds = state["step"], state["tokens"], state["seconds"]
        torch.set_rng_state(state["random"].cpu())
        log.info("continuing at step %d, %d tokens", self.step, self.tokens)

    def start_from(self, directory):
        """Begins with the weights of an exported checkpoint, or with weights and optimiser of a run."""
        if (directory / "state.pt").exists():
            state = torch.load(directory / "state.pt", map_location=self.device, weights_only=True)
            self.model.load_state_dict(state["model"])
            self.optimiser.load(state["optimiser"])
            log.info("starting from the run in %s, %d tokens", directory, state["tokens"])
            return
        import export  # pulls in transformers, which a run from scratch does not need
        if (directory / "tokenizer.json").read_bytes() != (self.corpus.directory / "tokenizer.json").read_bytes():
            raise SystemExit(f"{directory} has another tokenizer than {self.corpus.directory}: its weights mean other tokens")
        export.load_into(self.model, directory)
        log.info("starting from %s", directory)

    def train(self, limit=None):
        """Trains until the schedule ends, or for `limit` steps. Returns whether the schedule has ended."""
        last_save = last_log = time.monotonic()
        sums, sizes, seen, counts = 0, 0, self.tokens, 0
        with open(self.directory / "log.jsonl", "a") as lines:
            steps = self.stream.after(self.place)
            for groups, place in ahead(steps, self.config["steps_ahead"]) if self.config["steps_ahead"] else steps:
                self.schedule.obey(self.directory / "decay", self.tokens)
                if self.schedule.finished(self.tokens) or limit == 0:
                    break
                limit = None if limit is None else limit - 1
                step_sums, step_sizes, balance, step_counts = self.train_step(groups)
                self.place = place
                sums, sizes, counts = sums + step_sums, sizes + step_sizes, counts + step_counts
                now = time.monotonic()
                if self.step % LOG_STEPS == 0:
                    self.seconds += now - last_log
                    line = {
                        "step": self.step, "tokens": self.tokens, "seconds": round(self.seconds),
                        "tokens_per_second": round((self.tokens - seen) / (now - last_log)),
                        "rate": round(self.schedule.factor(self.tokens), 4), "balance": round(balance, 3),
                        "rarest_expert": round(float((counts / counts.sum(1, keepdim=True)).min()), 4),
                        "loss": {n: round(float(s / c), 4) for n, s, c in zip(LOSSES, sums, sizes)},
                    }
                    if self.step % VALIDATION_STEPS == 0:
                        line["validation"] = self.validate()
                    lines.write(json.dumps(line) + "\n")
                    lines.flush()
                    log.info("%s", json.dumps(line))
                    sums, sizes, seen, counts, last_log = 0, 0, self.tokens, 0, time.monotonic()
                if now - last_save > CHECKPOINT_SECONDS:
                    self.save()
                    last_save = time.monotonic()
        self.save()
        return self.schedule.finished(self.tokens)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="what prepare.py wrote")
    parser.add_argument("--run", type=Path, required=True, help="directory of checkpoints and log")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--steps", type=int, help="stop after this many steps (for measurements)")
    parser.add_argument("--initial", type=Path, help="exported checkpoint, or run, to start a new run from")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    config = json.loads(arguments.config.read_text())
    arguments.run.mkdir(parents=True, exist_ok=True)
    if config["device"] == "cpu":
        torch.set_num_threads(config["threads"])
    if config["compile"]:
        decoder.compile_pointwise()
    run = Run(arguments.run, config, Corpus(arguments.data, config["mixture"]))
    log.info("%.2f million parameters", sum(p.numel() for p in run.model.parameters()) / 1e6)
    if (arguments.run / "state.pt").exists():
        run.restore()
    elif arguments.initial:
        run.start_from(arguments.initial)
    finished = run.train(arguments.steps)
    log.info("finished" if finished else "stopped")


if __name__ == "__main__":
    main()
