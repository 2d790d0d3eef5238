"""baseline.py --lists APT_LISTS --documents TEST.jsonl: a linear classifier on TF-IDF of words, on the same split."""

import argparse

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

import catalogue
from evaluate_reference import read


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lists", required=True)
    parser.add_argument("--documents", required=True)
    arguments = parser.parse_args()
    documents = catalogue.load(arguments.lists)
    labels = set(catalogue.sections(documents))
    train = [d for d in documents if d["split"] == "train" and d["section"] in labels]
    vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2)
    classifier = LinearSVC(C=0.5).fit(vectorizer.fit_transform(d["text"]["en"][1] for d in train), [d["section"] for d in train])
    test = read(arguments.documents, None)
    accuracy = classifier.score(vectorizer.transform(d["text"] for d in test), [d["reference"]["label"] for d in test])
    print(f"accuracy {accuracy:.4f} of {len(test)} documents, trained on {len(train)}")


if __name__ == "__main__":
    main()
