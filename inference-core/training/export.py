"""export.py --run RUN --data DATA --out MODEL: writes the trained model as a Hugging Face checkpoint and verifies it.

The verification loads the files with transformers, compares the logits of whole rows (document and all its branches) with
this directory's own model, and compares a greedy answer token by token.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, Llama4ForCausalLM

from model import Architecture, Model
from packing import Corpus, Tree, collate
from prompts import CHAT_TEMPLATE, BOS, EOM, EOT, END_OF_TEXT, PAD, SUMMARISE

SHARD_BYTES = 7_800_000
CONTEXT = 2048
LOGIT_TOLERANCE = 0.03
VERIFIED_ROWS = 8


def interleaved(matrix, heads, head_width):
    """Columns of q or k from halves (all first elements, then all second) to Llama 4's pairs."""
    rows = matrix.shape[0]
    return matrix.view(rows, heads, 2, head_width // 2).transpose(2, 3).reshape(rows, heads * head_width)


def tensors(model):
    """Hugging Face's names and layouts, in bf16."""
    a = model.architecture
    queries, keys = a.heads * a.head_width, a.kv_heads * a.head_width
    out = {"model.embed_tokens.weight": model.embedding}
    for number, layer in enumerate(model.layers):
        name = f"model.layers.{number}."
        q, k, v = layer.qkv.split((queries, keys, keys), 1)
        gate, up = layer.shared_gate_up.chunk(2, 1)
        out |= {
            name + "input_layernorm.weight": layer.attention_norm,
            name + "self_attn.q_proj.weight": interleaved(q, a.heads, a.head_width).t(),
            name + "self_attn.k_proj.weight": interleaved(k, a.kv_heads, a.head_width).t(),
            name + "self_attn.v_proj.weight": v.t(),
            name + "self_attn.o_proj.weight": layer.attention_out.t(),
            name + "post_attention_layernorm.weight": layer.expert_norm,
            name + "feed_forward.router.weight": layer.router.t(),
            name + "feed_forward.experts.gate_up_proj": layer.gate_up,
            name + "feed_forward.experts.down_proj": layer.down,
            name + "feed_forward.shared_expert.gate_proj.weight": gate.t(),
            name + "feed_forward.shared_expert.up_proj.weight": up.t(),
            name + "feed_forward.shared_expert.down_proj.weight": layer.shared_down.t(),
        }
    out["model.norm.weight"] = model.final_norm
    return {name: tensor.detach().cpu().to(torch.bfloat16).contiguous().clone() for name, tensor in out.items()}


def halved(matrix, heads, head_width):
    """The inverse of `interleaved`."""
    rows = matrix.shape[0]
    return matrix.view(rows, heads, head_width // 2, 2).transpose(2, 3).reshape(rows, heads * head_width)


@torch.no_grad()
def load_into(model, directory):
    """Puts an exported checkpoint's weights into a model of the same architecture: the inverse of `tensors`."""
    named = {}
    for shard in sorted(Path(directory).glob("*.safetensors")):
        named |= load_file(shard)
    a = model.architecture
    model.embedding.copy_(named["model.embed_tokens.weight"])
    model.final_norm.copy_(named["model.norm.weight"])
    for number, layer in enumerate(model.layers):
        part = lambda name: named[f"model.layers.{number}.{name}"]
        attention = lambda name: part(f"self_attn.{name}_proj.weight").t()
        shared = lambda name: part(f"feed_forward.shared_expert.{name}_proj.weight").t()
        queries, keys = halved(attention("q"), a.heads, a.head_width), halved(attention("k"), a.kv_heads, a.head_width)
        layer.qkv.copy_(torch.cat((queries, keys, attention("v")), 1))
        layer.attention_out.copy_(attention("o"))
        layer.attention_norm.copy_(part("input_layernorm.weight"))
        layer.expert_norm.copy_(part("post_attention_layernorm.weight"))
        layer.router.copy_(part("feed_forward.router.weight").t())
        layer.gate_up.copy_(part("feed_forward.experts.gate_up_proj"))
        layer.down.copy_(part("feed_forward.experts.down_proj"))
        layer.shared_gate_up.copy_(torch.cat((shared("gate"), shared("up")), 1))
        layer.shared_down.copy_(shared("down"))


def write_shards(named, out):
    shards, size = [{}], 0
    for name, tensor in named.items():
        bytes_ = tensor.numel() * tensor.element_size()
        if size and size + bytes_ > SHARD_BYTES:
            shards.append({})
            size = 0
        shards[-1][name] = tensor
        size += bytes_
    places = {}
    for number, shard in enumerate(shards, 1):
        file = f"model-{number:05}-of-{len(shards):05}.safetensors"
        save_file(shard, str(out / file), metadata={"format": "pt"})
        (out / file).chmod(0o644)
        places |= dict.fromkeys(shard, file)
    total = sum(t.numel() * t.element_size() for t in named.values())
    write_json(out / "model.safetensors.index.json", {"metadata": {"total_size": total}, "weight_map": places})


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_configuration(a, tokenizer, out):
    special = {name: tokenizer.token_to_id(name) for name in (BOS, END_OF_TEXT, EOM, EOT, PAD)}
    ends = [special[END_OF_TEXT], special[EOM], special[EOT]]
    write_json(out / "config.json", {
        "architectures": ["Llama4ForCausalLM"],
        "model_type": "llama4_text",
        "vocab_size": a.vocabulary,
        "hidden_size": a.width,
        "intermediate_size": a.expert_width,
        "intermediate_size_mlp": 2 * a.expert_width,
        "num_hidden_layers": a.layers,
        "num_attention_heads": a.heads,
        "num_key_value_heads": a.kv_heads,
        "head_dim": a.head_width,
        "num_local_experts": a.experts,
        "num_experts_per_tok": 1,
        "interleave_moe_layer_step": 1,
        "use_qk_norm": True,
        "no_rope_layer_interval": a.no_rope_every,
        "attention_chunk_size": a.chunk,
        "attn_temperature_tuning": True,
        "floor_scale": a.floor_scale,
        "attn_scale": a.attention_scale,
        "rope_parameters": {"rope_type": "default", "rope_theta": a.rope_theta},
        "rms_norm_eps": a.epsilon,
        "max_position_embeddings": CONTEXT,
        "tie_word_embeddings": True,
        "attention_bias": False,
        "hidden_act": "silu",
        "bos_token_id": special[BOS],
        "eos_token_id": ends,
        "pad_token_id": special[PAD],
        "dtype": "bfloat16",
    })
    write_json(out / "generation_config.json", {
        "bos_token_id": special[BOS], "eos_token_id": ends, "pad_token_id": special[PAD], "do_sample": False,
    })
    write_json(out / "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BOS,
        "eos_token": EOT,
        "pad_token": PAD,
        "clean_up_tokenization_spaces": False,
        "model_max_length": CONTEXT,
        "chat_template": CHAT_TEMPLATE,
    })


def rows_to_verify(corpus):
    """Trees of the validation split, the longest of a sample among them, so that more than one chunk is covered."""
    units = corpus.units("validation", np.random.default_rng(0))[:400]
    trees = [tree for tree in (corpus.tree(*unit, np.random.default_rng(0)) for unit in units) if tree is not None]
    trees.sort(key=lambda tree: -len(tree.token))
    return trees[:VERIFIED_ROWS // 2] + trees[len(trees) // 2:][:VERIFIED_ROWS // 2]


@torch.no_grad()
def verify(model, corpus, out):
    """Raises unless transformers and the training model agree; returns the figures."""
    theirs = Llama4ForCausalLM.from_pretrained(out, dtype=torch.float32, attn_implementation="eager").eval()
    differences, beyond, agree, longest = [], [], 0, 0
    for tree in rows_to_verify(corpus):
        everywhere = Tree(tree.token, tree.position, tree.branch, tree.target, np.ones_like(tree.weight), tree.task)
        batch = collate([[everywhere]], corpus.pad, model.architecture.chunk)
        mine = model(batch)[0].float() @ model.embedding.to(torch.bfloat16).float().t()
        prefix = int((tree.branch == 0).sum())
        for branch in range(1, int(tree.branch.max()) + 1):
            own = np.flatnonzero(tree.branch == branch)
            places = np.concatenate([np.arange(prefix), own])
            logits = theirs(torch.from_numpy(tree.token[places])[None]).logits[0]
            difference = (logits - mine[places]).abs().mean(-1)
            differences.append(difference)
            beyond.append(difference[model.architecture.chunk:])
            agree += int((logits.argmax(-1) == mine[places].argmax(-1)).sum())
            longest = max(longest, len(places))
    differences, beyond = torch.cat(differences), torch.cat(beyond)
    figures = {
        "positions": len(differences),
        "positions_beyond_the_first_chunk": len(beyond),
        "longest": longest,
        "mean_logit_difference": round(float(differences.mean()), 4),
        "mean_logit_difference_beyond_the_first_chunk": round(float(beyond.mean()), 4),
        "same_likeliest_token": round(agree / len(differences), 4),
    }
    tokenizer = AutoTokenizer.from_pretrained(out)
    tree = rows_to_verify(corpus)[-1]
    document = tokenizer.decode(tree.token[tree.branch == 0][len(corpus.user):])
    ids = tokenizer.apply_chat_template([{"role": "user", "content": document + SUMMARISE}],
                                        add_generation_prompt=True, return_dict=False)
    ids = torch.tensor(ids).reshape(1, -1)
    answer = theirs.generate(ids, max_new_tokens=24)[0]
    own = ids[0].tolist()
    while len(own) < len(answer):
        size = len(own)
        whole = Tree(np.array(own), np.arange(size), np.zeros(size, dtype=np.int64), np.array(own),
                     np.ones(size), np.zeros(size, dtype=np.int64))
        hidden = model(collate([[whole]], corpus.pad, model.architecture.chunk))[0][-1].float()
        own.append(int((model.embedding.to(torch.bfloat16).float() @ hidden).argmax()))
    figures["greedy_equal"] = own == answer.tolist()
    figures["answer"] = tokenizer.decode(answer[ids.shape[1]:])
    print(json.dumps(figures, ensure_ascii=False))
    if not (len(beyond) and max(differences.mean(), beyond.mean()) < LOGIT_TOLERANCE and figures["greedy_equal"]):
        raise SystemExit("transformers and the training model disagree")
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    state = torch.load(arguments.run / "state.pt", map_location="cpu", weights_only=True)
    corpus = Corpus(arguments.data, state["config"]["mixture"])
    model = Model(Architecture(**state["config"]["architecture"]))
    model.load_state_dict(state["model"])
    write_shards(tensors(model), arguments.out)
    shutil.copyfile(arguments.data / "tokenizer.json", arguments.out / "tokenizer.json")
    write_configuration(model.architecture, corpus.tokenizer, arguments.out)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.to(torch.bfloat16))
    figures = verify(model, corpus, arguments.out)
    write_json(arguments.run / "export.json", {"step": state["step"], "tokens": state["tokens"], **figures})


if __name__ == "__main__":
    main()
