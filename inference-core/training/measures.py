"""The measures of `millrace evaluate`, in Python: ROUGE-L, chrF2, accuracy, calibration."""

import numpy as np
import regex
import sacrebleu

WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
BINS = 15
TEMPERATURES = np.exp(np.linspace(np.log(0.2), np.log(5), 400))


def rouge_l(reference, answer):
    """Balanced F-measure of the longest common subsequence of lower-case words."""
    a, b = WORD.findall(reference.lower()), WORD.findall(answer.lower())
    row = [0] * (len(b) + 1)
    for word in a:
        diagonal = 0
        for j, other in enumerate(b, 1):
            above = row[j]
            row[j] = diagonal + 1 if word == other else max(above, row[j - 1])
            diagonal = above
    return 2 * row[-1] / (len(a) + len(b)) if row[-1] else 0.0


def chrf(references, answers):
    """chrF2 of the corpus."""
    return sacrebleu.corpus_chrf(answers, [references]).score


def probabilities(scores, temperature):
    scaled = np.asarray(scores) / temperature
    scaled = np.exp(scaled - scaled.max(-1, keepdims=True))
    return scaled / scaled.sum(-1, keepdims=True)


def calibration_error(scores, right, temperature):
    """Expected calibration error over 15 equal bins of the likeliest label's probability."""
    p = probabilities(scores, temperature)
    best, hit = p.max(-1), p.argmax(-1) == right
    bins = np.clip(np.ceil(best * BINS).astype(int) - 1, 0, BINS - 1)
    return float(sum(abs(best[bins == b].sum() - hit[bins == b].sum()) for b in range(BINS)) / len(best))


def fit_temperature(scores, right):
    """The temperature under which the right labels are likeliest."""
    rows = np.arange(len(right))
    losses = [-np.log(probabilities(scores, t)[rows, right]).mean() for t in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def label_figures(scores, right, temperature):
    order = (-np.asarray(scores)).argsort(-1, kind="stable")
    return {
        "documents": len(right),
        "accuracy": round(float((order[:, 0] == right).mean()), 4),
        "top3": round(float((order[:, :3] == np.asarray(right)[:, None]).any(-1).mean()), 4),
        "calibration_error": round(calibration_error(scores, right, 1.0), 4),
        "temperature": round(temperature, 3),
        "calibration_error_with_temperature": round(calibration_error(scores, right, temperature), 4),
    }
