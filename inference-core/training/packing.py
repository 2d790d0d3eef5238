"""Packs each document with its task branches as a tree, the way the engine will run them.

A row holds one document: the prefix, then one branch per task. A branch sees the prefix and itself, and its positions
continue where the prefix ends, so the document is computed once in training as well. Rows of similar length form a group
(the unit of attention); groups of all lengths are shuffled into steps.
"""

import json
import queue
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from catalogue import LANGUAGES
from prepare import SPLITS
from prompts import CLASSIFY, SUMMARISE, Encoder, translate

ENGLISH = LANGUAGES.index("en")
MAX_PREFIX = 640
MAX_ROW = 1024
CROWDED_ROW = 640
POOL_TREES = 2048
PADDING_BRANCH = -1


@dataclass
class Tree:
    """One row, before padding. weight[i] is the weight of predicting target[i] from position i; task numbers LOSSES."""
    token: np.ndarray
    position: np.ndarray
    branch: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    task: np.ndarray


LOSSES = ["document", "summary", "label", "translation"]


class Corpus:
    """The encoded catalogue, and the trees made of it."""

    def __init__(self, data, mixture):
        self.directory = data = Path(data)
        with np.load(data / "tokens.npz") as arrays:
            self.tokens, self.spans = arrays["tokens"], arrays["spans"]
            self.label, self.split = arrays["label"], arrays["split"]
        self.mixture = mixture
        self.tokenizer = Tokenizer.from_file(str(data / "tokenizer.json"))
        encoder = Encoder(self.tokenizer)
        labels = json.loads((data / "labels.json").read_text())
        self.user, self.eot, self.pad = encoder.user, encoder.eot, encoder.pad
        self.label_ids = [encoder.ids(label) for label in labels]
        self.summarise, self.classify = encoder.branch(SUMMARISE), encoder.branch(CLASSIFY)
        self.translate = [encoder.branch(translate(language)) for language in LANGUAGES]

    def text(self, document, language, part):
        start, end = self.spans[document, language, part]
        return None if start < 0 else self.tokens[start:end].astype(np.int64)

    def units(self, split, rng):
        """(document, language) pairs of one epoch: every English text, other languages by the mixture's share."""
        inside = self.split == SPLITS.index(split)
        units = []
        for language, name in enumerate(LANGUAGES):
            has = np.flatnonzero(inside & (self.spans[:, language, 0, 0] >= 0))
            kept = has[rng.random(len(has)) < self.mixture["documents"][name]]
            units += [(document, language) for document in kept]
        order = rng.permutation(len(units))
        return [units[i] for i in order]

    def branches(self, document, language, rng):
        """(instruction ids, answer ids, index into LOSSES), the short ones first, translations in random order."""
        found = [(self.summarise, self.text(document, language, 0), 1)]
        if self.label[document] >= 0:
            found.append((self.classify, np.array(self.label_ids[self.label[document]]), 2))
        if language == ENGLISH:
            others = [i for i, name in enumerate(LANGUAGES) if i != ENGLISH and rng.random() < self.mixture["translate"][name]]
        else:
            others = [ENGLISH] if rng.random() < self.mixture["translate"]["en"] else []
        rng.shuffle(others)
        for other in others:
            body = self.text(document, other, 1)
            if body is not None:
                found.append((self.translate[other], body, 3))
        return found

    def tree(self, document, language, rng):
        """The row of one document, or None where it is too long."""
        prefix = np.concatenate([self.user, self.text(document, language, 1)])
        size = len(prefix)
        if size > MAX_PREFIX:
            return None
        weights = self.mixture["weights"]
        drawn = rng.random(size) < self.mixture["document_share"]
        weight = np.where(drawn, weights["document"] / self.mixture["document_share"], 0.0)
        weight[:len(self.user) - 1] = 0.0
        weight[-1] = 0.0
        token, position, branch = [prefix], [np.arange(size)], [np.zeros(size, dtype=np.int64)]
        target, weight, task = [np.append(prefix[1:], self.pad)], [weight], [np.zeros(size, dtype=np.int64)]
        total = size
        for instruction, answer, kind in self.branches(document, language, rng):
            ids = np.concatenate([instruction, answer, [self.eot]])
            # A second translation joins only where the row stays short: attention is quadratic in it.
            if total + len(ids) > (CROWDED_ROW if kind == 3 and len(token) > 3 else MAX_ROW):
                continue
            total += len(ids)
            token.append(ids)
            position.append(np.arange(size, size + len(ids)))
            branch.append(np.full(len(ids), len(branch)))
            target.append(np.append(ids[1:], self.pad))
            scale = np.zeros(len(ids))
            scale[len(instruction) - 1:-1] = weights[LOSSES[kind]]
            weight.append(scale)
            task.append(np.full(len(ids), kind))
        return Tree(*(np.concatenate(part) for part in (token, position, branch, target, weight, task)))


@dataclass
class Group:
    """Rows of one shape inside a step: tokens start .. start + rows * length, and what each may attend to."""
    start: int
    rows: int
    length: int
    full: torch.Tensor
    chunked: torch.Tensor


@dataclass
class Batch:
    """A flat run of padded rows. The loss is taken on `chosen` positions only."""
    token: torch.Tensor
    position: torch.Tensor
    groups: list
    chosen: torch.Tensor
    target: torch.Tensor
    weight: torch.Tensor
    task: torch.Tensor


def attention_biases(branch, position, chunk):
    """0 or minus infinity for each pair of positions of each row: on full layers, on chunked layers."""
    length = branch.shape[1]
    seen = (branch[:, None, :] == 0) & (branch[:, :, None] >= 0) | (branch[:, None, :] == branch[:, :, None])
    seen &= torch.ones(length, length, dtype=torch.bool, device=branch.device).tril()
    bias = lambda mask: torch.zeros(mask.shape, dtype=torch.bfloat16, device=mask.device).masked_fill_(~mask, float("-inf"))
    full, chunk_of = bias(seen), position // chunk
    if length <= chunk:
        return full, full
    return full, bias(seen & (chunk_of[:, None, :] == chunk_of[:, :, None]))


def collate(groups_of_trees, pad, chunk, device="cpu"):
    """One Batch from lists of trees; each list becomes a group."""
    fields = {name: [] for name in ("token", "position", "branch", "target", "weight", "task")}
    shapes = []
    fill = {"token": pad, "branch": PADDING_BRANCH, "target": pad}
    for trees in groups_of_trees:
        length = max(len(tree.token) for tree in trees)
        shapes.append((len(trees), length))
        for name, tables in fields.items():
            table = np.full((len(trees), length), fill.get(name, 0), dtype=np.float32 if name == "weight" else np.int64)
            for row, tree in enumerate(trees):
                values = getattr(tree, name)
                table[row, :len(values)] = values
            tables.append(torch.from_numpy(table.reshape(-1)))
    flat = {name: torch.cat(tables) for name, tables in fields.items()}
    chosen = flat["weight"].nonzero().squeeze(1)
    for name in ("target", "weight", "task"):
        flat[name] = flat[name][chosen]
    flat = {name: tensor.to(device) for name, tensor in flat.items()}
    groups, start = [], 0
    for rows, length in shapes:
        part = slice(start, start + rows * length)
        table = lambda name: flat[name][part].view(rows, length)
        groups.append(Group(start, rows, length, *attention_biases(table("branch"), table("position"), chunk)))
        start = part.stop
    return Batch(flat["token"], flat["position"], groups, chosen.to(device), flat["target"], flat["weight"], flat["task"])


def grouped(trees, area):
    """Lists of trees of similar length, each of about `area` padded tokens."""
    trees = sorted(trees, key=lambda tree: len(tree.token))
    groups, current = [], []
    for tree in trees:
        if current and len(tree.token) * (len(current) + 1) > area:
            groups.append(current)
            current = []
        current.append(tree)
    return groups + ([current] if current else [])


class Stream:
    """An endless, resumable sequence of steps, each a list of groups. Everything follows from the seed and the place."""

    START = (0, 0, 0)

    def __init__(self, corpus, seed, step_tokens, group_tokens):
        self.corpus, self.seed, self.step_tokens, self.group_tokens = corpus, seed, step_tokens, group_tokens

    def after(self, place):
        """Yields (groups of a step, place to continue after it); a place is (epoch, pool, step in the pool)."""
        epoch, pool, step = place
        while True:
            units = self.corpus.units("train", np.random.default_rng((self.seed, epoch)))
            pools = [units[i:i + POOL_TREES] for i in range(0, len(units), POOL_TREES)]
            for number in range(pool, len(pools)):
                steps = self.steps(pools[number], np.random.default_rng((self.seed, epoch, number)))
                for index in range(step, len(steps)):
                    yield steps[index], (epoch, number, index + 1)
                step = 0
            epoch, pool = epoch + 1, 0

    def steps(self, units, rng):
        trees = [tree for tree in (self.corpus.tree(*unit, rng) for unit in units) if tree is not None]
        groups = grouped(trees, self.group_tokens)
        area = [len(group) * len(group[-1].token) for group in groups]
        count = max(1, round(sum(area) / self.step_tokens))
        steps, sizes = [[] for _ in range(count)], [0] * count
        order = rng.permutation(len(groups))
        for index in order:
            smallest = sizes.index(min(sizes))
            steps[smallest].append(groups[index])
            sizes[smallest] += area[index]
        return steps


def ahead(iterator, depth):
    """The same items, made up to `depth` items ahead by another thread."""
    made = queue.Queue(depth)

    def make():
        for item in iterator:
            made.put(item)

    threading.Thread(target=make, daemon=True).start()
    while True:
        yield made.get()
