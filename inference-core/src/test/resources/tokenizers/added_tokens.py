"""Makes added-tokens.json.gz: tokenizers full of added tokens, some of which cut digits by themselves, and what the
tokenizers library makes of random texts.

    pip install tokenizers==0.23.2
    python added_tokens.py                 writes added-tokens.json.gz anew, from the bundled model's tokenizer
    python added_tokens.py CASE NUMBER     prints one text of a case and its ids

A case is a tokenizer, the atoms its texts are made of and a checksum of the ids of each text: CRC-32 of the ids as
32-bit big-endian numbers, first with encode_special_tokens (a document's text), then without (a template's). The first
texts are there in full. `AddedTokensTest` makes the same texts with the same generator.
"""

import base64
import gzip
import json
import pathlib
import random
import sys
import zlib

import tokenizers

VERSION = "0.23.2"
HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE / "added-tokens.json.gz"
BASE = HERE.parents[3] / "models" / "demo" / "tokenizer.json"
VOCABULARY = 700
SPECIAL = 16
TEXTS = 350
SAMPLES = 6
MASK = (1 << 64) - 1

WORDS = [
    "hello", " world", "The", "don't", "x", "1234567", "...", " foo_bar", "日本語", "Привет", "naïve café", "ithmetic",
    "\u0308", "ǆ", "ẛ̣", "क्षि", "각", "ᄀ", "ᅡ", "ᆨ", "\u0f71\u0f72", "🎉", "\U0001f3fd", "\ufe0f", "ℌ", "\u212b", "ﬁ", "½",
    "<|eot|>", "<|begin_of_text|>", "<|header_start|>user<|header_end|>", "<|endoftext|>", "<|", "|>", "\x00",
]
SPACES = [
    " ", "  ", "    ", "\n", "\n\n", "\n\n\n", "\r\n", "\t", "\x0b", "\x1c", "\x85", "\xa0", "\u1680", "\u180e", "\u2003",
    "\u200b", "\u2028", "\u202f", "\u3000", "\ufeff",
]  # fmt: skip

DIGITS = [
    "0", "1", "2", "12", "123", "2024", "1234567", "19.99", " 7", "7 ", "1,000", "12:30", "1a", "a1", "x12x", "#2024-00317",
    "½", "½½", "¾", "1½", "²", "m²", "³", "10³", "¹²³", "⁰", "₂", "H₂O", "٣", "٣٤", "١٢٣", "1٣", "۴", "४२", "๑๒", "༣", "Ⅷ",
    "ⅷ", "㊷", "⑫", "⑫⑬", "🄌", "𝟗𝟗", "１２", "〇", "一二", "𐄇", "1\u0301", "1\ufe0f\u20e3", "\u2044", "1\u20442", "1\u00a02",
    "12\n34", "-1", "1e9", "1st", "n°5", "0x1F", "'s1", "1's",
]  # fmt: skip

SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DEEP = r"[!-/:-~]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


class Generator:
    """The 64-bit generator of Knuth's MMIX; the upper half of its state counts."""

    def __init__(self, seed):
        self.state = seed & MASK

    def below(self, bound):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & MASK
        return (self.state >> 33) % bound

    def text(self, atoms):
        """Atoms one after the other; some lose their first or last character or come three times."""
        text = ""
        for _ in range(self.below(12)):
            atom = atoms[self.below(len(atoms))]
            change = self.below(10)
            text += atom[:-1] if change == 0 else atom[1:] if change == 1 else atom * 3 if change == 2 else atom
        return text


def byte_level(regex, prefix=False):
    return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": regex}


def split(*expressions):
    steps = [{"type": "Split", "pattern": {"Regex": e}, "behavior": "Isolated", "invert": False} for e in expressions]
    return sequence(*steps, byte_level(False))


def sequence(*steps):
    return {"type": "Sequence", "pretokenizers": steps}


def digits(individual):
    return {"type": "Digits", "individual_digits": individual}


def small():
    """The bundled tokenizer with its first tokens only."""
    root = json.loads(BASE.read_text("utf-8"))
    model = root["model"]
    model["vocab"] = {token: id for token, id in model["vocab"].items() if id < VOCABULARY}
    pairs = [merge.split(" ") if isinstance(merge, str) else merge for merge in model["merges"]]
    model["merges"] = [pair for pair in pairs if "".join(pair) in model["vocab"]]
    root["post_processor"] = None
    return root


def specials_behind(root):
    """Special tokens behind the vocabulary, as Llama 3 and 4 have them."""
    vocabulary = root["model"]["vocab"]
    for token in root["added_tokens"]:
        del vocabulary[token["content"]]
        token["id"] += VOCABULARY - SPECIAL
    root["model"]["vocab"] = {token: id - SPECIAL for token, id in vocabulary.items()}


def specials_gpt2(root):
    """One special token, inside the vocabulary and reached by no merge, as GPT-2's descendants have it."""
    specials_behind(root)
    root["model"]["vocab"]["<|endoftext|>"] = VOCABULARY - SPECIAL
    root["added_tokens"] = root["added_tokens"][:1]
    root["added_tokens"][0].update(content="<|endoftext|>", id=VOCABULARY - SPECIAL)


FLAGS = {"w": "single_word", "l": "lstrip", "r": "rstrip", "n": "normalized", "s": "special"}


def add(root, *tokens, first=None, gap=0, front=False):
    """Adds tokens, each as content or as (content, flags)."""
    vocabulary = root["model"]["vocab"]
    id = first if first is not None else max([*vocabulary.values(), *(t["id"] for t in root["added_tokens"])]) + 1
    new = []
    for token in tokens:
        content, flags = token if isinstance(token, tuple) else (token, "")
        known = vocabulary.get(content)
        entry = {"id": id if known is None else known, "content": content}
        new.append(entry | {name: letter in flags for letter, name in FLAGS.items()})
        if known is None:
            id += 1 + gap
    root["added_tokens"] = new + root["added_tokens"] if front else root["added_tokens"] + new


def merge(root, *words):
    """Lets the model merge each of these words, from left to right, before anything else."""
    model = root["model"]
    pairs = []
    for word in words:
        stored = "".join(BYTES[byte] for byte in word)
        for end in range(1, len(stored)):
            pair = [stored[:end], stored[end]]
            if pair not in pairs:
                pairs.append(pair)
    id = max(model["vocab"].values()) + 1
    for token in ("".join(pair) for pair in pairs):
        if token not in model["vocab"]:
            model["vocab"][token] = id
            id += 1
    model["merges"] = pairs + [pair for pair in model["merges"] if pair not in pairs]


def bytes_as_characters():
    """The character that stands for each byte in a byte-level vocabulary: printable ones for themselves."""
    plain = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte if byte in plain else 256 + others.index(byte)) for byte in range(256)}


BYTES = bytes_as_characters()
# Merges across the borders of digits, so that it shows in the ids where the text is cut.
ACROSS = [w.encode("utf-8") for w in ("123", "2024", "00", " 1", " 2", "x1", "1a", "1.", "½½", "1½", "m²", "٣٤", "12\n", "一二")]
LAST_BYTES_AND_X = [bytes([byte, ord("x")]) for byte in [*range(ord("0"), ord("9") + 1), *range(0x80, 0xC0)]]


def every_digit():
    """All that the library takes for a digit, and ten letters, each before an x, eighteen to an atom."""
    cut = tokenizers.pre_tokenizers.Digits(individual_digits=True)
    points = [p for p in range(sys.maxunicode + 1) if not 0xD800 <= p < 0xE000]
    found = [chr(p) for p in points if len(cut.pre_tokenize_str("a" + chr(p))) > 1] + list("aéж日一二三十百千")
    return ["".join(c + "x" for c in found[i : i + 18]) for i in range(0, len(found), 18)]


def flag_specials(root, flags):
    for token, letters in zip(root["added_tokens"], flags):
        token.update({name: letter in letters for letter, name in FLAGS.items()} | {"special": True})


THINK = ["<think>", "</think>", "<tool_call>", "</tool_call>"]
FORMS = ["cafe\u0301", "\u212b", "ﬁn", "①", "한", "ﾊﾞ", "か\u3099", "ẛ̣", "\u0f73", "½"]
BLANKS = [" ", "  ", "    ", "\n", "\n\n\n", "\t", "\xa0", "\u2003", "\x85", "\u200b", "\r\n"]


def cases():
    """Name and tokenizer of each case."""

    def case(name, layout=None, normalizer=None, pre=None, merges=None):
        root = small()
        if layout:
            layout(root)
        if normalizer:
            root["normalizer"] = {"type": normalizer}
        if pre:
            root["pre_tokenizer"] = pre
        if merges is not None:
            root["model"]["ignore_merges"] = merges
        made.append((name, root))
        return root

    made = []
    add(case("special before, others behind"), *THINK)
    add(case("special behind, others behind them", specials_behind), *THINK)
    add(case("others behind, special behind them", specials_behind), *THINK, first=VOCABULARY - SPECIAL, front=True)
    root = case("file not in the order of ids", specials_behind, pre=split(SPLIT))
    add(root, *THINK, "<a>", ("<b>", "s"), "<c>")
    root["added_tokens"].reverse()
    add(case("ids with gaps", specials_behind, merges=False), *THINK, ("<b>", "s"), "<c>", first=9000, gap=7)
    root = case("as Qwen has it", specials_behind, "NFC", split(SPLIT.replace("{1,3}", "")), False)
    root["added_tokens"] = []
    add(root, ("<|endoftext|>", "s"), ("<|im_start|>", "s"), ("<|im_end|>", "s"), *THINK)
    add(case("as GPT-2 has it", specials_gpt2, pre=byte_level(True), merges=False), *THINK, ("<|im_end|>", "s"))
    add(case("space before each piece", specials_gpt2, pre=byte_level(True, True), merges=False), *THINK, ("q", "l"), " ")
    add(case("one word for all", specials_behind, pre=byte_level(False), merges=False), *THINK, "in", "th")
    deep = split(r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+", DEEP)
    add(case("as DeepSeek has it", specials_behind, pre=deep), *THINK, ("<｜User｜>", "s"), "日本", "｜")
    add(case("content inside the vocabulary"), "in", "the", "Ġthe", ".", "1", ("an", "w"), "é")
    root = case("white space taken along")
    flag_specials(root, ["l", "r", "lr", "lrn", "lrw", "r", "r", "l"] * 2)
    add(root, ("<l>", "l"), ("<r>", "r"), ("<lr>", "lr"), ("<n>", "lrn"), " <x> ", ("  ", "lr"), ("\n\n", ""))
    root = case("single words", specials_behind)
    flag_specials(root, ["w", "wl", "wr", "wn"] * 4)
    add(root, ("data", "w"), ("<w>", "w"), ("日本", "w"), ("🦙", "w"), ("x", "wlr"), ("_", "w"), ("e\u0301", "w"), ("12", "wn"))
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        root = case(f"normalised to {form}", specials_behind, form)
        flag_specials(root, ["n", "", "nl", "nr", "nw"] * 4)
        add(root, *[(content, flags) for content, flags in zip(FORMS, ["n", "n", "nl", "", "nw", "n", "n", "", "nr", "n"])])
        add(root, ("<n>", "n"), "\u0301", ("①②", "s"), ("a", ""), ("\u3000", "n"))
    add(case("normalised without a normalizer"), *[(content, "n") for content in [*FORMS, *THINK, "a", "  "]], "b", ("c", "r"))
    add(case("white space", specials_behind), *BLANKS)
    add(case("white space, all of it taken", pre=byte_level(True)), *[(blank, "lr") for blank in BLANKS], ("<q>", "r"))
    chain = ["<", "<t", "<think", "<think>", "<think>x", "think", "a", "aa", "aaaa", ">"]
    add(case("beginnings of one another", specials_behind), *chain)
    add(case("special ones across others"), ("<q>", "s"), "q>x", "<q>xyz", ("xyz", "s"), "z<", "|", "<|e", ("<|eot|>x", "s"), "eot")
    joined = ["👨‍👩‍👧", "👨", "\u200d", "👩", ("🦙", "r"), "\ufe0f", "\U0001f3fd", "𝔸", ("\U0001d15e", "n"), "\u0301"]
    add(case("emoji and marks", specials_behind, "NFC"), *joined)
    root = case("vocabulary with holes", merges=False)
    holed = {t: id for t, id in root["model"]["vocab"].items() if not any(c in t for c in "čð")}
    root["model"]["vocab"] = holed
    root["model"]["merges"] = [m for m in root["model"]["merges"] if "".join(m) in holed]
    add(root, *THINK, "in", "🦙", "\r\n", ("<w>", "w"))
    root = case("entries twice", specials_behind, pre=split(SPLIT))
    add(root, "<q>", ("<q>", "w"), ("<r>", "n"), ("<r>", "s"), ("<s>", "s"), ("<s>", "wr"), "<t>", "<t>")
    for seed, kind in enumerate(RANDOM):
        scramble(case(f"random {seed}", *kind), seed)
    for name, pre, normalizer in WITH_DIGITS:
        root = case(name, None, normalizer, sequence(*pre), False)
        merge(root, *ACROSS, *(LAST_BYTES_AND_X if name == EVERY_DIGIT else ()))
        add(root, ("<|im_start|>", "s"), "<think>", ("12", "w"), ("7", "w"), ("½", "n"), ("<1>", "lr"), ("<|2|>", "s"), "٣٤")
    return made


EVERY_DIGIT = "every digit"
WITH_DIGITS = [
    ("digits one by one", [digits(True), byte_level(True)], None),
    ("digits together", [digits(False), byte_level(False)], None),
    ("digits one by one, space before each piece", [digits(True), byte_level(True, True)], None),
    ("digits together after an expression", [*split(r"\s+")["pretokenizers"][:1], digits(False), byte_level(False)], None),
    ("digits one by one, normalised", [digits(True), byte_level(True)], "NFKC"),
    ("digits among bytes", [byte_level(True), digits(True)], None),
    (EVERY_DIGIT, [digits(True), byte_level(False)], None),
]


RANDOM = [
    (specials_behind,),
    (None, "NFC"),
    (specials_gpt2, None, byte_level(True), False),
    (specials_behind, "NFKC", split(SPLIT)),
    (None, "NFD", split(SPLIT), False),
    (specials_behind, None, split(DEEP)),
]


def scramble(root, seed):
    """Any contents with any flags; what the library cannot answer for is left out."""
    chance = random.Random(seed)
    contents = [*THINK, *FORMS, *BLANKS, *[w for w in WORDS if not w.startswith("<|")], "<q>", "q>x", "<q>x", "in", "the"]
    takes = chance.random() < 0.5
    tokens = []
    for content in chance.sample(contents, 18):
        flags = "".join(letter for letter in "wlrns" if chance.random() < 0.3)
        if content in root["model"]["vocab"]:
            flags = flags.replace("s", "")
        if content.isspace() or not takes:
            flags = flags.replace("r", "").replace("l", "")
        tokens.append((content, flags))
    add(root, *tokens, gap=chance.randrange(3), front=chance.random() < 0.5)


def atoms(name, root):
    own = [token["content"] for token in root["added_tokens"]]
    if name == EVERY_DIGIT:
        return every_digit()
    more = DIGITS if '"Digits"' in json.dumps(root["pre_tokenizer"]) else []
    return 2 * own[-24:] + own[:4] + WORDS + SPACES + more


def checksum(ids):
    return zlib.crc32(b"".join(id.to_bytes(4, "big") for id in ids))


def encode(tokenizer, text):
    both = []
    for as_text in (True, False):
        tokenizer.encode_special_tokens = as_text
        both.append(tokenizer.encode(text, add_special_tokens=False).ids)
    return both


def expected(number, name, root):
    tokenizer = tokenizers.Tokenizer.from_str(json.dumps(root))
    special = sorted({tokenizer.token_to_id(t["content"]) for t in root["added_tokens"] if t["special"]})
    generator = Generator(number)
    case = {"name": name, "tokenizer": root, "special": special, "seed": number, "atoms": atoms(name, root)}
    sums, samples = (b"", b""), []
    for _ in range(TEXTS):
        text = generator.text(case["atoms"])
        both = encode(tokenizer, text)
        if set(both[0]) & set(special):
            raise ValueError(f"{name}: the library makes a special token of {text!r}")
        sums = tuple(s + checksum(ids).to_bytes(4, "big") for s, ids in zip(sums, both))
        if len(samples) < SAMPLES:
            samples.append([text, *both])
    text_sums, template_sums = (base64.b64encode(s).decode("ascii") for s in sums)
    return case | {"textSums": text_sums, "templateSums": template_sums, "samples": samples}


def write():
    data = {"tokenizers": VERSION, "texts": TEXTS}
    data["cases"] = [expected(number, name, root) for number, (name, root) in enumerate(cases())]
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    DATA.write_bytes(gzip.compress(text.encode("utf-8"), 9, mtime=0))
    print(f"{len(data['cases'])} cases with {TEXTS} texts each, {DATA.stat().st_size} bytes")


def show(name, number):
    data = json.loads(gzip.decompress(DATA.read_bytes()))
    case = next(case for case in data["cases"] if case["name"] == name)
    generator = Generator(case["seed"])
    text = [generator.text(case["atoms"]) for _ in range(number + 1)][-1]
    tokenizer = tokenizers.Tokenizer.from_str(json.dumps(case["tokenizer"]))
    print(json.dumps(text), *encode(tokenizer, text), sep="\n")


if __name__ == "__main__":
    if tokenizers.__version__ != VERSION:
        sys.exit(f"expected tokenizers {VERSION}, found {tokenizers.__version__}")
    if len(sys.argv) == 3:
        show(sys.argv[1], int(sys.argv[2]))
    else:
        write()
