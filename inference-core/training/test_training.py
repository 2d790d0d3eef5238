"""python -m unittest: the whole recipe on invented documents, with a model small enough for seconds."""

import json
import random
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

import average
import export
import measures
import prepare
from packing import Corpus
from train import Run, Schedule

WORDS = [a + b for a in ("ba", "de", "fi", "go", "lu", "mo") for b in ("ra", "ne", "ti", "so", "ku", "pal", "dor")]
CONFIG = {
    "seed": 3, "device": "cpu", "step_tokens": 1500, "micro_tokens": 800, "group_tokens": 400, "steps_ahead": 0,
    "matrix_rate": 0.02, "other_rate": 0.004, "weight_decay": 0.05, "balance_weight": 0.01,
    "warmup_tokens": 3000, "stable_tokens": 9000, "decay_tokens": 4500,
    "architecture": {"vocabulary": 400, "width": 128, "layers": 4, "heads": 2, "kv_heads": 1, "experts": 8,
                     "expert_width": 128, "chunk": 48, "floor_scale": 32},
    "mixture": {
        "documents": {"en": 1.0, "it": 0.5, "fr": 1.0, "de": 1.0},
        "translate": {"en": 1.0, "it": 1.0, "fr": 1.0, "de": 1.0},
        "document_share": 0.5,
        "weights": {"document": 0.1, "summary": 2.0, "label": 5.0, "translation": 1.0},
    },
}


def invented(count):
    """Documents about nothing, in two languages."""
    draw = random.Random(1)
    sentence = lambda size: " ".join(draw.choice(WORDS) for _ in range(size)) + "."
    documents = []
    for number in range(count):
        text = {"en": (sentence(4), sentence(draw.randrange(10, 50)))}
        if number % 2:
            text["it"] = (sentence(4), sentence(20))
        split = "validation" if number % 10 == 0 else "train"
        documents.append({"package": f"p{number}", "section": draw.choice(["net", "netx", "web"]), "split": split, "text": text})
    return documents


class RecipeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        torch.set_num_threads(1)
        cls.folder = tempfile.TemporaryDirectory()
        cls.data = Path(cls.folder.name) / "data"
        cls.data.mkdir()
        documents, labels = invented(300), ["net", "netx", "web"]
        tokenizer = prepare.train_tokenizer(documents, CONFIG["architecture"]["vocabulary"])
        tokenizer.save(str(cls.data / "tokenizer.json"))
        (cls.data / "labels.json").write_text(json.dumps(labels))
        np.savez(cls.data / "tokens.npz", **prepare.encode(documents, labels, tokenizer))
        cls.corpus = Corpus(cls.data, CONFIG["mixture"])

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def run_in(self, name):
        directory = Path(self.folder.name) / name
        directory.mkdir(exist_ok=True)
        run = Run(directory, CONFIG, self.corpus)
        if (directory / "state.pt").exists():
            run.restore()
        return run

    def test_an_interrupted_run_ends_where_an_uninterrupted_one_does(self):
        whole = self.run_in("whole")
        whole.train(limit=5)
        self.run_in("parts").train(limit=2)
        parts = self.run_in("parts")
        parts.train(limit=3)
        self.assertEqual((whole.step, whole.tokens, whole.place), (parts.step, parts.tokens, parts.place))
        for (name, a), b in zip(whole.model.named_parameters(), parts.model.parameters(), strict=True):
            self.assertTrue(torch.equal(a, b), name)

    def test_trains_to_the_end_and_exports_what_transformers_computes(self):
        run = self.run_in("export")
        first = run.validate()
        self.assertTrue(run.train())
        self.assertLess(run.validate()["summary"], first["summary"])
        out = Path(self.folder.name) / "model"
        out.mkdir()
        with torch.no_grad():
            for parameter in run.model.parameters():
                parameter.copy_(parameter.to(torch.bfloat16))
        export.write_shards(export.tensors(run.model), out)
        run.corpus.tokenizer.save(str(out / "tokenizer.json"))
        export.write_configuration(run.model.architecture, run.corpus.tokenizer, out)
        figures = export.verify(run.model, run.corpus, out)
        self.assertGreater(figures["positions_beyond_the_first_chunk"], 100)
        again = self.run_in("again")
        again.start_from(out)
        for (name, a), b in zip(run.model.named_parameters(), again.model.parameters(), strict=True):
            self.assertTrue(torch.equal(a, b), name)
        (out / "tokenizer.json").write_text("{}")
        with self.assertRaisesRegex(SystemExit, "another tokenizer"):
            again.start_from(out)

    def test_the_mean_of_two_runs_lies_between_them(self):
        one = self.run_in("one")
        one.train(limit=2)
        two = self.run_in("two")
        two.start_from(one.directory)
        two.train(limit=1)
        average.average([one.directory, two.directory], Path(self.folder.name) / "mean")
        mean = self.run_in("mean")
        self.assertEqual((mean.step, mean.tokens), (two.step, two.tokens))
        for (name, a), b, m in zip(one.model.named_parameters(), two.model.parameters(), mean.model.parameters(), strict=True):
            self.assertFalse(torch.equal(a, b), name)
            self.assertTrue(torch.allclose(m, (a + b) / 2, atol=1e-7), name)

    def test_a_run_from_another_run_takes_weights_and_optimiser_and_its_own_schedule(self):
        first = self.run_in("first")
        first.train(limit=2)
        second = self.run_in("second")
        second.start_from(first.directory)
        self.assertEqual((second.step, second.tokens, second.place), (0, 0, (0, 0, 0)))
        for (name, a), b in zip(first.model.named_parameters(), second.model.parameters(), strict=True):
            self.assertTrue(torch.equal(a, b), name)
        for a, b in zip(first.optimiser.momentum, second.optimiser.momentum, strict=True):
            self.assertTrue(torch.equal(a, b))

    def test_a_mean_of_different_architectures_is_refused(self):
        self.run_in("small").train(limit=1)
        strange = Path(self.folder.name) / "strange"
        strange.mkdir()
        state = torch.load(Path(self.folder.name) / "small" / "state.pt", weights_only=True)
        state["model"].pop("final_norm")
        torch.save(state, strange / "state.pt")
        with self.assertRaisesRegex(SystemExit, "another architecture"):
            average.average([Path(self.folder.name) / "small", strange], Path(self.folder.name) / "none")

    def test_a_request_begins_the_decay(self):
        schedule = Schedule(CONFIG)
        request = Path(self.folder.name) / "decay"
        request.write_text("600")
        schedule.obey(request, 5000)
        self.assertEqual([schedule.factor(t) for t in (5000, 5300, 5600)], [1.0, 0.5, 0.0])
        self.assertTrue(schedule.finished(5600))


class MeasuresTest(unittest.TestCase):
    def test_rouge_l(self):
        self.assertAlmostEqual(measures.rouge_l("A quick brown fox", "quick, FOX"), 2 * 2 / 6)
        self.assertEqual(measures.rouge_l("word", ""), 0.0)

    def test_temperature_makes_overconfident_scores_honest(self):
        random = np.random.default_rng(0)
        honest = random.normal(size=(4000, 5))
        p = measures.probabilities(honest, 1.0)
        right = np.array([random.choice(5, p=row) for row in p])
        temperature = measures.fit_temperature(honest * 2, right)
        self.assertAlmostEqual(temperature, 2, delta=0.15)
        before, after = (measures.calibration_error(honest * 2, right, t) for t in (1.0, temperature))
        self.assertLess(after, before / 3)


if __name__ == "__main__":
    unittest.main()
