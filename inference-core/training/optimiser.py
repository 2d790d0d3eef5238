"""Muon for the matrices inside the layers, AdamW for embeddings, norms and routers."""

import torch

BETAS, MOMENTUM, CLIP = (0.9, 0.95), 0.95, 1.0


def orthogonalise(gradient):
    """Five Newton-Schulz steps towards the nearest orthogonal matrix; leading dimensions are independent matrices."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = gradient.to(torch.bfloat16)
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    for _ in range(5):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if tall else x).float()


class Optimiser:
    def __init__(self, model, matrix_rate, other_rate, weight_decay):
        is_matrix = lambda name, p: p.ndim >= 2 and "embedding" not in name and "router" not in name
        self.matrices = [p for n, p in model.named_parameters() if is_matrix(n, p)]
        self.others = [p for n, p in model.named_parameters() if not is_matrix(n, p)]
        self.matrix_rate, self.other_rate, self.weight_decay = matrix_rate, other_rate, weight_decay
        self.adam = torch.optim.AdamW(self.others, lr=other_rate, betas=BETAS, weight_decay=0.0)
        self.momentum = [torch.zeros_like(p) for p in self.matrices]

    @torch.no_grad()
    def step(self, factor):
        """One update with both learning rates multiplied by `factor`; clears the gradients."""
        torch.nn.utils.clip_grad_norm_(self.others, CLIP)
        for group in self.adam.param_groups:
            group["lr"] = self.other_rate * factor
        self.adam.step()
        self.adam.zero_grad(set_to_none=True)
        rate = self.matrix_rate * factor
        for p, momentum in zip(self.matrices, self.momentum):
            momentum.mul_(MOMENTUM).add_(p.grad)
            update = orthogonalise(p.grad.add_(momentum, alpha=MOMENTUM))
            shape = max(1.0, p.shape[-2] / p.shape[-1]) ** 0.5
            p.mul_(1 - rate * self.weight_decay).add_(update, alpha=-rate * shape)
            p.grad = None

    def state(self):
        return {"adam": self.adam.state_dict(), "momentum": self.momentum}

    def load(self, state):
        self.adam.load_state_dict(state["adam"])
        for mine, saved in zip(self.momentum, state["momentum"], strict=True):
            mine.copy_(saved)
