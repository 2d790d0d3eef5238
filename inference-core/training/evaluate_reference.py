"""evaluate_reference.py --model MODEL --documents TEST.jsonl --calibration OTHER.jsonl --labels LABELS.json --out FIGURES.json

Measures a checkpoint with transformers, the way the engine's `evaluate` does: the judge of the engine, and the figures of the
model card. The temperature is fitted on the calibration documents and judged on the test documents.
"""

import argparse
import json
import logging
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import DynamicCache, Llama4ForCausalLM

import measures
from prompts import CLASSIFY, EOT, LANGUAGE_NAMES, SUMMARISE, Encoder, translate

SUMMARY_TOKENS = 40
TRANSLATION_TOKENS = 600
BATCH_TOKENS = 8192
BATCH_ROWS = 48

log = logging.getLogger("evaluate")


class Reference:
    """A checkpoint in transformers, with the engine's prompts."""

    def __init__(self, directory):
        self.tokenizer = Tokenizer.from_file(str(Path(directory) / "tokenizer.json"))
        self.encoder = Encoder(self.tokenizer)
        self.model = Llama4ForCausalLM.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()
        self.pad = self.model.config.pad_token_id
        text = self.model.config
        # transformers counts padding as positions in the temperature of NoPE layers: pad only where that cannot matter.
        self.padded_tokens_max = min(text.floor_scale, text.attention_chunk_size) - 1
        self.experts = np.zeros((text.num_hidden_layers, text.num_local_experts), dtype=np.int64)

    def count_experts(self):
        """From now on, counts the tokens each expert gets."""
        def hook(layer):
            def count(_, __, output):
                chosen = output[1].argmax(-1)
                self.experts[layer] += np.bincount(chosen.flatten().numpy(), minlength=self.experts.shape[1])
            return count
        return [layer.feed_forward.router.register_forward_hook(hook(number))
                for number, layer in enumerate(self.model.model.layers)]

    def label_ids(self, labels):
        """Token ids of the labels; one that begins another is ended by the terminator."""
        ids = [self.encoder.ids(label) for label in labels]
        begins = lambda a, b: len(a) < len(b) and b[:len(a)] == a
        return [a + [self.tokenizer.token_to_id(EOT)] if any(begins(a, b) for b in ids) else a for a in ids]

    @torch.no_grad()
    def label_scores(self, text, label_ids):
        """Sum of the log-probabilities of each label's tokens after the document."""
        prompt = self.encoder.prefix(text) + self.encoder.branch(CLASSIFY)
        cache = DynamicCache(config=self.model.config)
        first = self.model(torch.tensor([prompt]), past_key_values=cache).logits[0, -1].log_softmax(-1)
        longer = sorted({tuple(ids[:-1]) for ids in label_ids if len(ids) > 1})
        width = max(map(len, longer), default=0)
        scores = {(): first}
        if longer:
            rows = torch.tensor([list(ids) + [self.pad] * (width - len(ids)) for ids in longer])
            cache.batch_repeat_interleave(len(longer))
            following = self.model(rows, past_key_values=cache).logits.log_softmax(-1)
            for row, ids in zip(following, longer):
                for size in range(1, len(ids) + 1):
                    scores[ids[:size]] = row[size - 1]
        return [sum(float(scores[tuple(ids[:i])][token]) for i, token in enumerate(ids)) for ids in label_ids]

    @torch.no_grad()
    def generate(self, prompts, limits):
        """Greedy answers, in the order of the prompts."""
        answers = [None] * len(prompts)
        queue = sorted(range(len(prompts)), key=lambda i: len(prompts[i]) + limits[i])
        while queue:
            batch = [queue.pop(0)]
            while queue and len(batch) < BATCH_ROWS:
                rows = [*batch, queue[0]]
                longest = max(len(prompts[i]) for i in rows) + max(limits[i] for i in rows)
                padded = len({len(prompts[i]) for i in rows}) > 1
                if longest * len(rows) > BATCH_TOKENS * 2 or (padded and longest > self.padded_tokens_max):
                    break
                batch.append(queue.pop(0))
            width = max(len(prompts[i]) for i in batch)
            ids = torch.tensor([[self.pad] * (width - len(prompts[i])) + prompts[i] for i in batch])
            seen = torch.tensor([[0] * (width - len(prompts[i])) + [1] * len(prompts[i]) for i in batch])
            limit = max(limits[i] for i in batch)
            found = self.model.generate(ids, attention_mask=seen, max_new_tokens=limit, do_sample=False)[:, width:]
            for row, i in zip(found.tolist(), batch):
                ends = [n for n, token in enumerate(row) if token in self.model.config.eos_token_id]
                row = row[:min([limits[i], *ends])]
                answers[i] = self.tokenizer.decode(row, skip_special_tokens=True).strip()
        return answers


def read(path, limit):
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines[:limit]]


def scores_of(reference, documents, label_ids):
    scores = []
    for number, document in enumerate(documents):
        scores.append(reference.label_scores(document["text"], label_ids))
        if number % 100 == 99:
            log.info("labels of %d of %d documents", number + 1, len(documents))
    return np.array(scores)


def prompt(reference, text, instruction):
    return reference.encoder.prefix(text) + reference.encoder.branch(instruction)


def translation_limit(reference, text):
    return min(TRANSLATION_TOKENS, 2 * len(reference.encoder.ids(text)) + 16)


def evaluate_texts(reference, documents, directions, answers):
    """ROUGE-L of summaries and chrF2 of translations; the answers go into `answers` by document id."""
    figures = {}
    prompts = [prompt(reference, d["text"], SUMMARISE) for d in documents]
    found = reference.generate(prompts, [SUMMARY_TOKENS] * len(prompts))
    rouge = [measures.rouge_l(d["reference"]["summary"], answer) for d, answer in zip(documents, found)]
    figures["summary"] = {"documents": len(rouge), "rouge_l": round(float(np.mean(rouge)), 4)}
    first_words = [measures.rouge_l(d["reference"]["summary"], " ".join(d["text"].split()[:10])) for d in documents]
    figures["first_ten_words"] = {"documents": len(rouge), "rouge_l": round(float(np.mean(first_words)), 4)}
    for document, answer in zip(documents, found):
        answers[document["id"]]["summary"] = answer
    log.info("summaries: %s", figures["summary"])
    for source, target in directions:
        foreign = target if source == "en" else source
        pairs = []
        for document in documents:
            if foreign in document["reference"]["translations"]:
                pair = (document["text"], document["reference"]["translations"][foreign])
                pairs.append((document["id"], *(pair if source == "en" else pair[::-1])))
        prompts = [prompt(reference, text, translate(target)) for _, text, _ in pairs]
        found = reference.generate(prompts, [translation_limit(reference, text) for _, text, _ in pairs])
        name = f"{source}-{target}"
        figures[name] = {"documents": len(pairs), "chrf2": round(measures.chrf([p[2] for p in pairs], found), 2)}
        for (identity, _, _), answer in zip(pairs, found):
            answers[identity][name] = answer
        log.info("%s: %s", name, figures[name])
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--documents", type=Path, required=True)
    parser.add_argument("--calibration", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="figures; the answers go beside it as .answers.jsonl")
    parser.add_argument("--limit", type=int, help="use the first documents only")
    parser.add_argument("--directions", default=",".join([f"en-{x}" for x in LANGUAGE_NAMES if x != "en"]
                                                         + [f"{x}-en" for x in LANGUAGE_NAMES if x != "en"]))
    parser.add_argument("--texts-limit", type=int, help="generate for the first documents only")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(arguments.threads)
    began = time.monotonic()
    reference = Reference(arguments.model)
    labels = json.loads(arguments.labels.read_text())
    documents, others = read(arguments.documents, arguments.limit), read(arguments.calibration, arguments.limit)
    label_ids = reference.label_ids(labels)
    right = lambda batch: np.array([labels.index(d["reference"]["label"]) for d in batch])

    temperature = measures.fit_temperature(scores_of(reference, others, label_ids), right(others))
    hooks = reference.count_experts()
    scores = scores_of(reference, documents, label_ids)
    for hook in hooks:
        hook.remove()
    figures = {"labels": measures.label_figures(scores, right(documents), temperature)}
    log.info("labels: %s", figures["labels"])
    use = reference.experts / reference.experts.sum(1, keepdims=True)
    figures["expert_use"] = [[round(float(share), 4) for share in layer] for layer in use]

    answers = {d["id"]: {"id": d["id"], "label": labels[int(row.argmax())]} for d, row in zip(documents, scores)}
    write(arguments.out, figures, began)
    directions = [tuple(direction.split("-")) for direction in arguments.directions.split(",") if direction]
    figures["texts"] = evaluate_texts(reference, documents[:arguments.texts_limit], directions, answers)
    write(arguments.out, figures, began)
    with open(arguments.out.with_suffix(".answers.jsonl"), "w", encoding="utf-8") as out:
        out.writelines(json.dumps(answer, ensure_ascii=False) + "\n" for answer in answers.values())


def write(path, figures, began):
    figures["seconds"] = round(time.monotonic() - began)
    path.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
