"""Functions that the task files here name."""

import math


def doc_to_text(doc):
    return int(doc["answer"]) - 1


def doc_to_target(doc):
    return doc["sentence"][doc["sentence"].index("_") + 1 :].strip()


def doc_to_choice(doc):
    before = doc["sentence"][: doc["sentence"].index("_")]
    return [before + doc["option1"], before + doc["option2"]]


def only_gifts(dataset):
    return dataset.filter(lambda doc: doc["subject"] == "gifts").map(lambda doc: {"asked": doc["question"].strip()})


def true_mass(doc, results):
    weights = [math.exp(value) for value, _ in results]
    return {"acc": sum(w for w, label in zip(weights, doc["labels"], strict=True) if label) / sum(weights)}


def counted(doc, results):
    (value,) = results
    return {
        "word_perplexity": (value, len(doc["page"].split())),
        "byte_perplexity": (value, len(doc["page"].encode())),
        "bits_per_byte": (value, len(doc["page"].encode())),
    }


def detokenized(doc):
    return doc["page"].replace(" ,", ",").strip()


def lengths(doc, results):
    said = results[0]
    return {
        "length": float(len(said)),
        "middle": float(len(said.split())),
        "maybe": float("nan") if len(said) % 2 else float(len(said)),
        "flags": [c.isdigit() for c in said[:3]],
        "pair": (doc["number"], said[:4]),
        "kept": len(said) > 3,
    }


def flattened(items):
    flat = [one for item in items for one in item]
    return sum(flat) / len(flat) if flat else 0.0


def shared_first_letter(items):
    return sum(1 for gold, said in items if gold[:1] in said) / len(items)


def starts_alike(references, predictions):
    return float(references[0][:1] == predictions[0].strip()[:1])


def three_examples():
    return [{"question": f"How many legs has a {n}-legged bee?", "answer": f"It says so.\n#### {n}"} for n in (4, 6, 8)]


class Shout:
    def __init__(self, sign="!"):
        self.sign = sign

    def apply(self, resps, docs):
        return [[answer + self.sign for answer in answers] for answers in resps]


def macro_f1(items):
    """The plain mean over classes, of (gold, predicted) pairs."""
    scores = []
    for one in sorted({gold for gold, _ in items}):
        hits = sum(1 for gold, said in items if gold == said == one)
        all_ = sum(int(gold == one) + int(said == one) for gold, said in items)
        scores.append(2 * hits / all_ if all_ else 0.0)
    return sum(scores) / len(scores)
