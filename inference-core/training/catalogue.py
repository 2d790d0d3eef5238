"""Reads the package catalogue from apt's index files: section, source and descriptions in four languages."""

import collections
import hashlib
import re
import subprocess
from pathlib import Path

LANGUAGES = ("en", "it", "fr", "de")
MIN_PACKAGES_PER_SECTION = 300
BODY_CHARACTERS = range(60, 2400)


def read_index(path):
    """The text of an index file, however apt chose to compress it."""
    helper = ["/usr/lib/apt/apt-helper", "cat-file", str(path)]
    return subprocess.run(helper, capture_output=True, check=True).stdout.decode("utf-8", "replace")


def stanzas(path):
    """The deb822 paragraphs of an index file, each as a dictionary; continuation lines keep their line breaks."""
    for paragraph in read_index(path).split("\n\n"):
        fields, key = {}, None
        for line in paragraph.split("\n"):
            if line.startswith(" ") and key:
                fields[key] += "\n" + line[1:]
            elif ":" in line:
                key, _, value = line.partition(":")
                fields[key] = value.strip()
        if fields:
            yield fields


def split_description(text):
    """(short description, long description with one line per paragraph or list item)."""
    short, _, rest = text.partition("\n")
    paragraphs, current = [], []
    for line in rest.split("\n"):
        if line.strip() == ".":
            paragraphs.append(" ".join(current))
            current = []
        elif line.startswith(" "):
            paragraphs.append(" ".join(current))
            paragraphs.append(line.strip())
            current = []
        else:
            current.append(line.strip())
    paragraphs.append(" ".join(current))
    return short.strip(), "\n".join(p for p in paragraphs if p)


def one_file(lists, pattern):
    found = sorted(Path(lists).glob(pattern))
    if len(found) != 1:
        raise SystemExit(f"{lists}: expected one file like {pattern}, found {len(found)}; run fetch_catalogue.sh")
    return found[0]


def split_of(source):
    """train, validation or test, decided by the source package so that sibling packages never part."""
    bucket = int(hashlib.sha256(source.encode()).hexdigest(), 16) % 100
    return "test" if bucket < 5 else "validation" if bucket < 10 else "train"


def load(lists, suite="bookworm"):
    """All packages with an English description of a usable length, in the order of the index.

    Each is a dictionary: package, source, section, split, text = {language: (short, long)}.
    """
    packages = {}
    for fields in stanzas(one_file(lists, f"*dists_{suite}_main_binary-amd64_Packages*")):
        packages[fields["Package"]] = {
            "package": fields["Package"],
            "source": fields.get("Source", fields["Package"]).split(" ")[0],
            "section": fields.get("Section", "").split("/")[-1],
            "digest": fields.get("Description-md5"),
        }
    translations = collections.defaultdict(dict)
    for language in LANGUAGES:
        for fields in stanzas(one_file(lists, f"*dists_{suite}_main_i18n_Translation-{language}*")):
            text = fields.get(f"Description-{language}")
            if text:
                short, long = split_description(text)
                if short and long:
                    translations[fields["Description-md5"]][language] = (short, long)
    documents = []
    for package in packages.values():
        text = translations.get(package.pop("digest"))
        if text and "en" in text and len(text["en"][1]) in BODY_CHARACTERS:
            documents.append({**package, "split": split_of(package["source"]), "text": text})
    return documents


def sections(documents):
    """The sections large enough to be labels, sorted."""
    count = collections.Counter(document["section"] for document in documents)
    return sorted(s for s, n in count.items() if n >= MIN_PACKAGES_PER_SECTION and re.fullmatch("[a-z0-9-]+", s))
