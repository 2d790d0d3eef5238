"""prepare.py --lists APT_LISTS --out DATA: trains the tokenizer and encodes the catalogue for train.py.

Writes tokenizer.json, labels.json, tokens.npz (all texts, encoded) and test.jsonl / validation.jsonl (texts with references).
"""

import argparse
import hashlib
import json
import logging
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

import catalogue
from prompts import BOS, SPECIAL_TOKENS

VOCABULARY = 8192
PRE_TOKENIZER = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n/]*"
    r"|\s*[\r\n]+"
    r"|\s+(?!\S)"
    r"|\s+"
)
SPLITS = ("train", "validation", "test")
EVALUATION_DOCUMENTS = 1000

log = logging.getLogger("prepare")


def train_tokenizer(documents, vocabulary=VOCABULARY):
    """Byte-level BPE with Llama 4's pre-tokenizer and special tokens, learned from the training split alone."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PRE_TOKENIZER), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    texts = (t for d in documents if d["split"] == "train" for pair in d["text"].values() for t in pair)
    tokenizer.train_from_iterator(texts, trainer)
    bos = (BOS, tokenizer.token_to_id(BOS))
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single=f"{BOS} $A", pair=f"{BOS} $A {BOS} $B", special_tokens=[bos]),
    ])
    return tokenizer


def encode(documents, labels, tokenizer):
    """One array of token ids, and per document and language where its two texts lie in it (-1: no such text)."""
    keys, texts = [], []
    for row, document in enumerate(documents):
        for column, language in enumerate(catalogue.LANGUAGES):
            if language in document["text"]:
                for part in (0, 1):
                    keys.append((row, column, part))
                    texts.append(document["text"][language][part])
    lengths = np.zeros(len(texts), dtype=np.int64)
    pieces = []
    for start in range(0, len(texts), 20000):
        batch = tokenizer.encode_batch(texts[start:start + 20000], add_special_tokens=False)
        for offset, encoding in enumerate(batch):
            lengths[start + offset] = len(encoding.ids)
            pieces.append(np.array(encoding.ids, dtype=np.uint16))
    starts = np.concatenate([[0], np.cumsum(lengths)])
    spans = np.full((len(documents), len(catalogue.LANGUAGES), 2, 2), -1, dtype=np.int64)
    for number, key in enumerate(keys):
        spans[key] = starts[number], starts[number + 1]
    return {
        "tokens": np.concatenate(pieces),
        "spans": spans,
        "label": np.array([labels.index(d["section"]) if d["section"] in labels else -1 for d in documents]),
        "split": np.array([SPLITS.index(d["split"]) for d in documents]),
    }


def write_references(documents, labels, split, path):
    """The documents of a split with their references, in an order that depends on the package names only."""
    chosen = [d for d in documents if d["split"] == split and d["section"] in labels]
    chosen.sort(key=lambda d: hashlib.sha256(d["package"].encode()).digest())
    with open(path, "w", encoding="utf-8") as out:
        for document in chosen[:EVALUATION_DOCUMENTS]:
            summary, body = document["text"]["en"]
            translations = {language: pair[1] for language, pair in document["text"].items() if language != "en"}
            reference = {"label": document["section"], "summary": summary, "translations": translations}
            line = {"id": document["package"], "language": "en", "text": body, "reference": reference}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lists", required=True, help="apt's directory of index files (fetch_catalogue.sh makes one)")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    arguments.out.mkdir(parents=True, exist_ok=True)

    documents = catalogue.load(arguments.lists)
    labels = catalogue.sections(documents)
    log.info("%d documents, %d labels", len(documents), len(labels))
    tokenizer = train_tokenizer(documents)
    tokenizer.save(str(arguments.out / "tokenizer.json"))
    (arguments.out / "labels.json").write_text(json.dumps(labels, indent=1) + "\n")
    arrays = encode(documents, labels, tokenizer)
    np.savez(arguments.out / "tokens.npz", **arrays)
    log.info("%d tokens, vocabulary %d", len(arrays["tokens"]), tokenizer.get_vocab_size())
    for split in ("validation", "test"):
        write_references(documents, labels, split, arguments.out / f"{split}.jsonl")


if __name__ == "__main__":
    main()
