"""Writes the random model of `bench engine --write-model DIR` as a GGUF file with the same weights.

usage: to_gguf.py DIR OUT.gguf        (needs numpy)

Only what a Llama 4 mixture of experts in bf16 needs. The vocabulary is made up: measurements send ids.
"""

import json
import pathlib
import struct
import sys

import numpy as np

UINT32, INT32, FLOAT32, STRING, ARRAY = 4, 5, 6, 8, 9
TYPE_F32, TYPE_BF16 = 0, 30
ALIGNMENT = 32


class Safetensors:
    """The tensors of one bf16 file, as 16-bit patterns."""

    def __init__(self, path):
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            self.header = json.loads(file.read(length))
        self.data = np.memmap(path, dtype=np.uint8, mode="r", offset=8 + length)

    def bits(self, name):
        entry = self.header[name]
        begin, end = entry["data_offsets"]
        return self.data[begin:end].view(np.uint16).reshape(entry["shape"])


def text(value):
    encoded = value.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def metadata(config):
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    numbers = {
        "block_count": config["num_hidden_layers"],
        "context_length": config["max_position_embeddings"],
        "embedding_length": hidden,
        "feed_forward_length": config["intermediate_size_mlp"],
        "expert_feed_forward_length": config["intermediate_size"],
        "attention.head_count": heads,
        "attention.head_count_kv": config["num_key_value_heads"],
        "attention.key_length": config["head_dim"],
        "attention.value_length": config["head_dim"],
        "rope.dimension_count": config["head_dim"],
        "expert_count": config["num_local_experts"],
        "expert_used_count": config["num_experts_per_tok"],
        "interleave_moe_layer_step": config["interleave_moe_layer_step"],
        "vocab_size": config["vocab_size"],
    }
    pairs = [text("general.architecture") + struct.pack("<I", STRING) + text("llama4")]
    for key, value in numbers.items():
        pairs.append(text("llama4." + key) + struct.pack("<II", UINT32, value))
    for key, value in {
        "attention.layer_norm_rms_epsilon": config["rms_norm_eps"],
        "rope.freq_base": config["rope_parameters"]["rope_theta"],
    }.items():
        pairs.append(text("llama4." + key) + struct.pack("<If", FLOAT32, value))
    return pairs + vocabulary(config["vocab_size"])


def vocabulary(size):
    def strings(key, values):
        body = b"".join(text(value) for value in values)
        return text(key) + struct.pack("<IIQ", ARRAY, STRING, len(values)) + body

    tokens = [chr(256 + i) for i in range(size)]
    return [
        text("tokenizer.ggml.model") + struct.pack("<I", STRING) + text("gpt2"),
        text("tokenizer.ggml.pre") + struct.pack("<I", STRING) + text("llama4"),
        strings("tokenizer.ggml.tokens", tokens),
        text("tokenizer.ggml.token_type")
        + struct.pack("<IIQ", ARRAY, INT32, size)
        + struct.pack(f"<{size}i", *([1] * size)),
        strings("tokenizer.ggml.merges", [tokens[0] + " " + tokens[1]]),
        text("tokenizer.ggml.bos_token_id") + struct.pack("<II", UINT32, 0),
        text("tokenizer.ggml.eos_token_id") + struct.pack("<II", UINT32, 1),
    ]


def widened(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


def tensors(source, config):
    """Name, 16-bit patterns or floats in row-major order."""
    yield "token_embd.weight", source.bits("model.embed_tokens.weight")
    yield "output_norm.weight", widened(source.bits("model.norm.weight"))
    yield "output.weight", source.bits("lm_head.weight")
    width = config["intermediate_size"]
    for i in range(config["num_hidden_layers"]):
        layer, block = f"model.layers.{i}.", f"blk.{i}."
        yield block + "attn_norm.weight", widened(source.bits(layer + "input_layernorm.weight"))
        for theirs, ours in ("q", "q"), ("k", "k"), ("v", "v"), ("output", "o"):
            yield block + f"attn_{theirs}.weight", source.bits(layer + f"self_attn.{ours}_proj.weight")
        norm = source.bits(layer + "post_attention_layernorm.weight")
        yield block + "ffn_norm.weight", widened(norm)
        yield block + "ffn_gate_inp.weight", widened(source.bits(layer + "feed_forward.router.weight"))
        fused = source.bits(layer + "feed_forward.experts.gate_up_proj")
        yield block + "ffn_gate_exps.weight", fused[:, :, :width].transpose(0, 2, 1)
        yield block + "ffn_up_exps.weight", fused[:, :, width:].transpose(0, 2, 1)
        down = source.bits(layer + "feed_forward.experts.down_proj")
        yield block + "ffn_down_exps.weight", down.transpose(0, 2, 1)
        for part in "gate", "up", "down":
            shared = source.bits(layer + f"feed_forward.shared_expert.{part}_proj.weight")
            yield block + f"ffn_{part}_shexp.weight", shared


def main(directory, out):
    config = json.loads((pathlib.Path(directory) / "config.json").read_text())
    source = Safetensors(pathlib.Path(directory) / "model.safetensors")
    infos, offset = b"", 0
    everything = list(tensors(source, config))
    for name, values in everything:
        kind = TYPE_F32 if values.dtype == np.float32 else TYPE_BF16
        shape = values.shape[::-1]
        infos += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)
        offset += (values.size * values.itemsize + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
    pairs = metadata(config)
    header = b"GGUF" + struct.pack("<IQQ", 3, len(everything), len(pairs)) + b"".join(pairs) + infos
    with open(out, "wb") as file:
        file.write(header + b"\0" * (-len(header) % ALIGNMENT))
        for _, values in everything:
            data = np.ascontiguousarray(values).tobytes()
            file.write(data + b"\0" * (-len(data) % ALIGNMENT))


if __name__ == "__main__":
    main(*sys.argv[1:])
