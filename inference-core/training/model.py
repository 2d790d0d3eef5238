"""The decoder, written for training: every layer is Llama 4's, the tokens of a step are one flat run.

Differences of form, none of meaning, from the exported checkpoint: matrices are [in, out]; q, k, v are one matrix, as are
gate and up; q and k hold the first elements of all rotary pairs before the second ones (export.py interleaves them).
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

LOSS_ROWS = 512


@dataclass(frozen=True)
class Architecture:
    vocabulary: int = 8192
    width: int = 256
    layers: int = 5
    heads: int = 4
    kv_heads: int = 2
    head_width: int = 64
    experts: int = 8
    expert_width: int = 256
    no_rope_every: int = 4
    chunk: int = 512
    floor_scale: int = 512
    attention_scale: float = 0.1
    rope_theta: float = 500000.0
    epsilon: float = 1e-5

    def uses_rope(self, layer):
        return (layer + 1) % self.no_rope_every != 0


# The element-wise parts. Each is one pass over memory once compiled.

def norm(x, weight, epsilon: float):
    return (x * torch.rsqrt(x.square().mean(-1, keepdim=True) + epsilon) * weight).to(torch.bfloat16)


def rotate(x, cosine, sine, scale: float, epsilon: float):
    """Rotary embedding, then the weightless norm of each head."""
    a, b = x.float().chunk(2, -1)
    x = torch.cat((a * cosine - b * sine, a * sine + b * cosine), -1)
    return (x * (torch.rsqrt(x.square().mean(-1, keepdim=True) + epsilon) * scale)).to(torch.bfloat16)


def temper(x, temperature, scale: float):
    return (x.float() * (temperature * scale)).to(torch.bfloat16)


def swiglu(x):
    gate, up = x.chunk(2, -1)
    return (F.silu(gate.float()) * up.float()).to(torch.bfloat16)


def weigh(x, score):
    return (x.float() * score[:, None]).to(torch.bfloat16)


def add_both(h, shared, routed):
    return h + (shared.float() + routed.float())


def loss_gradient(logits, target, weight):
    """Cross entropy per row and the gradient of its weighted sum."""
    logits = logits.float()
    top = logits.max(-1, keepdim=True).values
    raised = (logits - top).exp()
    total = raised.sum(-1, keepdim=True)
    hit = torch.arange(logits.shape[-1], device=logits.device)[None] == target[:, None]
    loss = (top + total.log()).squeeze(1) - logits.gather(1, target[:, None]).squeeze(1)
    return loss, ((raised / total - hit.float()) * weight[:, None]).to(torch.bfloat16)


POINTWISE = ("norm", "rotate", "temper", "swiglu", "weigh", "add_both", "loss_gradient")


def compile_pointwise():
    """Replaces the element-wise functions of this module by compiled ones."""
    for name in POINTWISE:
        globals()[name] = torch.compile(globals()[name], dynamic=True)


class Permute(torch.autograd.Function):
    """Reorders rows; the backward pass gathers too, where index_select would scatter."""

    @staticmethod
    def forward(context, rows, order, inverse):
        context.save_for_backward(inverse)
        return rows[order]

    @staticmethod
    def backward(context, gradient):
        inverse, = context.saved_tensors
        return gradient[inverse], None, None


class TiedLoss(torch.autograd.Function):
    """Weighted cross entropy against the embedding matrix, a few hundred rows at a time: the logits never exist at once."""

    @staticmethod
    def forward(context, hidden, embedding, target, weight):
        matrix = embedding.to(torch.bfloat16)
        losses, d_hidden = [], torch.empty_like(hidden)
        d_embedding = torch.zeros_like(embedding)
        for start in range(0, len(hidden), LOSS_ROWS):
            rows = slice(start, start + LOSS_ROWS)
            loss, d_logits = loss_gradient(hidden[rows] @ matrix.t(), target[rows], weight[rows])
            losses.append(loss)
            d_hidden[rows] = d_logits @ matrix
            d_embedding += d_logits.t() @ hidden[rows]
        context.save_for_backward(d_hidden, d_embedding)
        losses = torch.cat(losses)
        context.mark_non_differentiable(losses)
        return (losses * weight).sum(), losses

    @staticmethod
    def backward(context, gradient, _):
        d_hidden, d_embedding = context.saved_tensors
        return d_hidden * gradient, d_embedding * gradient, None, None


class Layer(nn.Module):
    def __init__(self, a, generator):
        super().__init__()
        def matrix(*shape, deviation):
            return nn.Parameter(torch.randn(*shape, generator=generator) * deviation)
        out = 1.5 / math.sqrt(2 * a.layers)
        width, wide = a.width, a.expert_width
        self.attention_norm = nn.Parameter(torch.ones(width))
        self.qkv = matrix(width, (a.heads + 2 * a.kv_heads) * a.head_width, deviation=width ** -0.5)
        self.attention_out = matrix(a.heads * a.head_width, width, deviation=0.04 / math.sqrt(2 * a.layers))
        self.expert_norm = nn.Parameter(torch.ones(width))
        self.router = matrix(width, a.experts, deviation=width ** -0.5)
        self.gate_up = matrix(a.experts, width, 2 * wide, deviation=width ** -0.5)
        self.down = matrix(a.experts, wide, width, deviation=wide ** -0.5 * out)
        self.shared_gate_up = matrix(width, 2 * wide, deviation=width ** -0.5)
        self.shared_down = matrix(wide, width, deviation=wide ** -0.5 * out)


class Model(nn.Module):
    def __init__(self, architecture, seed=0):
        super().__init__()
        self.architecture = a = architecture
        generator = torch.Generator().manual_seed(seed)
        self.embedding = nn.Parameter(torch.randn(a.vocabulary, a.width, generator=generator) * 0.02)
        self.layers = nn.ModuleList(Layer(a, generator) for _ in range(a.layers))
        self.final_norm = nn.Parameter(torch.ones(a.width))

    def attend(self, number, layer, h, batch, rotary, temperature):
        a = self.architecture
        tokens = len(h)
        rope = a.uses_rope(number)
        x = norm(h, layer.attention_norm, a.epsilon)
        qkv = (x @ layer.qkv.to(torch.bfloat16)).view(tokens, a.heads + 2 * a.kv_heads, a.head_width)
        q, k, v = qkv.split((a.heads, a.kv_heads, a.kv_heads), 1)
        scale = a.head_width ** -0.5
        if rope:
            q, k = rotate(q, *rotary, scale, a.epsilon), rotate(k, *rotary, 1.0, a.epsilon)
        else:
            q = temper(q, temperature, scale)
        ratio, outs = a.heads // a.kv_heads, []
        for g in batch.groups:
            part, rows, length = slice(g.start, g.start + g.rows * g.length), g.rows, g.length
            heads = lambda t: t[part].view(rows, length, -1, a.head_width).transpose(1, 2)
            # The query heads that share a key head lie below one another: no copy of k or v per head.
            queries = heads(q).reshape(rows * a.kv_heads, ratio * length, a.head_width)
            keys = heads(k).reshape(rows * a.kv_heads, length, a.head_width)
            values = heads(v).reshape(rows * a.kv_heads, length, a.head_width)
            scores = torch.bmm(queries, keys.transpose(1, 2)).view(rows, a.heads, length, length)
            scores += (g.chunked if rope else g.full)[:, None]
            shares = scores.softmax(-1).view(rows * a.kv_heads, ratio * length, length)
            out = torch.bmm(shares, values).view(rows, a.heads, length, a.head_width)
            outs.append(out.transpose(1, 2).reshape(rows * length, a.heads * a.head_width))
        return h + (torch.cat(outs) @ layer.attention_out.to(torch.bfloat16))

    def mix(self, layer, h):
        """The MoE block; also the load-balance loss and the tokens per expert."""
        a = self.architecture
        x = norm(h, layer.expert_norm, a.epsilon)
        router = x.float() @ layer.router
        top, chosen = router.max(-1)
        count = torch.bincount(chosen, minlength=a.experts)
        balance = a.experts * (count.float() / len(chosen) * router.softmax(-1).mean(0)).sum()
        order = chosen.argsort(stable=True)
        inverse = torch.empty_like(order)
        inverse[order] = torch.arange(len(order), device=order.device)
        routed = Permute.apply(weigh(x, top.sigmoid()), order, inverse).split(count.tolist())
        gate_up, down = layer.gate_up.to(torch.bfloat16).unbind(), layer.down.to(torch.bfloat16).unbind()
        outs = [swiglu(part @ gate_up[e]) @ down[e] for e, part in enumerate(routed) if len(part)]
        routed = Permute.apply(torch.cat(outs), inverse, order)
        shared = swiglu(x @ layer.shared_gate_up.to(torch.bfloat16)) @ layer.shared_down.to(torch.bfloat16)
        return add_both(h, shared, routed), balance, count

    def forward(self, batch):
        """(normed hidden rows of the chosen positions, mean load-balance loss, tokens per layer and expert)."""
        a = self.architecture
        h = F.embedding(batch.token, self.embedding)
        half = torch.arange(0, a.head_width, 2, device=h.device, dtype=torch.float32)
        angle = batch.position.float()[:, None] * a.rope_theta ** (-half / a.head_width)
        rotary = (angle.cos()[:, None], angle.sin()[:, None])
        step = torch.floor((batch.position.float() + 1) / a.floor_scale)
        temperature = (torch.log1p(step) * a.attention_scale + 1)[:, None, None]
        balance, counts = 0.0, []
        for number, layer in enumerate(self.layers):
            h = self.attend(number, layer, h, batch, rotary, temperature)
            h, one, count = self.mix(layer, h)
            balance = balance + one
            counts.append(count)
        return norm(h[batch.chosen], self.final_norm, a.epsilon), balance / a.layers, torch.stack(counts)

    def loss(self, batch, total_weight):
        """(sum of weighted losses over total_weight, losses per chosen position, load-balance loss, counts)."""
        hidden, balance, counts = self(batch)
        loss, each = TiedLoss.apply(hidden, self.embedding, batch.target, batch.weight / total_weight)
        return loss, each, balance, counts
