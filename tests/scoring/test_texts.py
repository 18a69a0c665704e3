"""Scorers that compare texts: against the libraries themselves, by hand, and for any text at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinan.catalog import from_file
from sinan.errors import BadFile
from sinan.scoring import by_name
from sinan.scoring.token_f1 import longest_run
from sinan.statistics import corpus
from sinan.types import Completion, Outcome, Sample
from tests.ends import within

pytest.importorskip("sacrebleu")
pytest.importorskip("rapidfuzz")
pytest.importorskip("rouge_score")
pytest.importorskip("jiwer")
pytest.importorskip("jieba")

SIMILARITIES = ["f1", "f1-cmrc", "f1-words", "chrf", "rouge", "edit", "anls", "code-edit"]
OTHERS = ["normalised", "bleu", "bleu-zh", "ter", "wer", "cer", "code-edit-line"]


def judged(name, gold, text, finish="stop"):
    several = {"golds": gold} if isinstance(gold, list) else {}
    sample = Sample("1", "?", gold[0] if several else gold, metadata=several)
    return by_name(name)(sample, Completion(text, finish))


@pytest.mark.parametrize(
    ("gold", "text", "right"),
    [
        ("Eiffel Tower", "the Eiffel-Tower!", False),  # SQuAD drops the hyphen and joins what it parted
        ("Eiffel Tower", "The  eiffel tower.", True),
        ("the who", "Who", True),
        ("a", "the", True),  # articles alone are nothing, and nothing equals nothing: so SQuAD judges
        ("U.S.", "US", True),
        ("banana", "a banana, an apple", False),
        ("42", "I counted.\nANSWER: 42.", True),
        (["Paris", "City of Light"], "the city of light", True),
        ("北京大学", "“北京大学”。", True),
        ("北京大学", "北 京 大 学", True),
        ("北京大学", "答案：北京大学", True),
        ("GDP增长", "gdp增长", True),
        ("３月", "3月", True),
        ("北京", "北京市", False),
    ],
)
def test_normalised_texts_are_the_same_or_not(gold, text, right):
    score = judged("normalised", gold, text)
    assert (score.value, score.outcome) == (float(right), Outcome.CORRECT if right else Outcome.WRONG)


@pytest.mark.parametrize(
    ("name", "gold", "text", "value"),
    [
        ("f1", "a cat sat", "the cat stood", 0.5),
        ("f1", "cat cat dog", "cat cat cat", 2 / 3),
        ("f1", "yes", "no", 0),
        ("f1", ["no", "cat sat"], "the cat sat", 1),
        ("f1", "the", "a", 1),
        ("f1", "北京大学", "北京", 2 / 3),
        ("f1", "学大京北", "北京大学", 1),  # a bag of characters has no order
        ("f1-cmrc", "学大京北", "北京大学", 0.25),
        ("f1-cmrc", "2008年8月8日", "2008年8月", 0.8),
        ("f1-words", "我爱北京天安门", "北京天安门", 2 / 3),  # 我 爱 北京 天安门
        ("edit", "kitten", "sitting", 1 - 3 / 7),
        ("edit", ["nothing", "kitten"], "kitten", 1),
        ("anls", "kitten", "sitting", 1 - 3 / 7),
        ("anls", "abcd", "abxy", 0),  # a distance of one half is not below the threshold
        ("anls", "Total  Due", "total due", 1),
        ("code-edit", "x = 1", "x = 2", 0.8),
        ("code-edit", "return a", "Here:\n```python\nreturn a\n```\nDone.", 1),
        ("code-edit-line", "return a + b", "# add\n    return a + b\n    more()", 1),
        ("wer", "the cat sat", "the cat", 1 / 3),
        ("wer", "The cat, sat.", "the cat sat", 0),
        ("wer", "one", "one two three", 2),
        ("wer", ["one two", "one too"], "one too", 0),
        ("cer", "今天天气很好", "今天天气真好。", 1 / 6),
        ("cer", "今天", "今 天", 0),
        ("rouge", "the cat sat on the mat", "the cat on the mat", 10 / 11),
        ("rouge", "police killed the gunman", "the gunman police killed", 0.5),
        ("rouge", "我爱北京天安门", "北京天安门我爱", 0.5),  # two words of four stand in order
    ],
)
def test_small_cases_come_out_as_by_hand(name, gold, text, value):
    score = judged(name, gold, text)
    assert score.value == pytest.approx(value)
    assert score.outcome is Outcome.MEASURED


SAID = ["The quick brown fox jumps over the dog.", "It is raining cats and dogs today", "Nothing alike here"]
WANTED = [["The quick brown fox jumped over the lazy dog."], ["It rains cats and dogs today."], ["Something else"]]


@pytest.mark.parametrize(("name", "kind"), [("bleu", "bleu"), ("chrf", "chrf"), ("chrf", "chrf++"), ("ter", "ter")])
def test_corpus_scores_are_sacrebleus(name, kind):
    import sacrebleu

    scores = [judged(name, gold[0], text) for gold, text in zip(WANTED, SAID, strict=True)]
    rows = [number for score in scores for number in score.values[kind]]
    ours = next(one for one in by_name(name).reports if one.name == kind).estimate(rows, 1).value
    references = [[gold[0] for gold in WANTED]]
    theirs = {
        "bleu": lambda: sacrebleu.corpus_bleu(SAID, references),
        "chrf": lambda: sacrebleu.corpus_chrf(SAID, references),
        "chrf++": lambda: sacrebleu.corpus_chrf(SAID, references, word_order=2),
        "ter": lambda: sacrebleu.corpus_ter(SAID, references),
    }[kind]().score
    assert ours == pytest.approx(theirs)


def test_chinese_bleu_is_sacrebleus_and_its_signature_says_how():
    import sacrebleu

    said, wanted = ["今天天气很好,我们去公园吧"], ["今天天气不错,我们去公园吧"]
    score = judged("bleu-zh", wanted[0], said[0])
    theirs = sacrebleu.BLEU(tokenize="zh")
    assert corpus.score("bleu-zh", score.values["bleu-zh"]) == pytest.approx(theirs.corpus_score(said, [wanted]).score)
    assert score.evidence["signatures"]["bleu-zh"] == str(theirs.get_signature())


def test_rouge_is_rouge_scores_own_for_english():
    from rouge_score.rouge_scorer import RougeScorer

    gold, text = "The cat sat.\nIt purred, and slept on the mat.", "A cat purred on the mat.\nThe dog sat and slept."
    theirs = RougeScorer(["rouge1", "rouge2", "rougeL", "rougeLsum"]).score(gold, text)
    assert judged("rouge", gold, text).values == pytest.approx({k: one.fmeasure for k, one in theirs.items()})


def test_rouge_of_long_texts_has_the_same_longest_subsequence(monkeypatch):
    from sinan.scoring import rouge

    gold, text = "the cat sat on the mat and the dog lay by it", "a cat and a dog sat on the mat by the door"
    before = judged("rouge", gold, text)
    monkeypatch.setattr(rouge, "AT_MOST", 40)
    after = judged("rouge", gold, text)
    assert [after.values[k] for k in ("rouge1", "rouge2", "rougeL")] == pytest.approx(
        [before.values[k] for k in ("rouge1", "rouge2", "rougeL")]
    )
    assert "last" in after.evidence["rougeLsum"] and not before.evidence


def test_error_rates_are_jiwers():
    import jiwer

    wanted, said = ["we went to the park", "it was late"], ["we want the park", "it was very late"]
    scores = [judged("wer", gold, text) for gold, text in zip(wanted, said, strict=True)]
    estimate = by_name("wer").reports[0].estimate([n for score in scores for n in score.values["wer"]], 1)
    assert estimate.value == pytest.approx(jiwer.wer(wanted, said))
    assert estimate.ci[0] < estimate.value < estimate.ci[1]
    scores = [judged("cer", gold.replace(" ", ""), text) for gold, text in zip(wanted, said, strict=True)]
    bare = [[text.replace(" ", "") for text in texts] for texts in (wanted, said)]
    rows = [n for score in scores for n in score.values["cer"]]
    assert by_name("cer").reports[0].estimate(rows, 1).value == pytest.approx(jiwer.cer(*bare))


@pytest.mark.parametrize("name", SIMILARITIES)
@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="ab c猫狗.\nＡ1", max_size=40), st.text(alphabet="ab c猫狗.\nＡ1", min_size=1, max_size=40))
def test_a_similarity_lies_between_0_and_1_and_every_word_is_like_itself(name, text, gold):
    assert 0 <= judged(name, gold, text).value <= 1 + 1e-12
    alike = judged(name, f"x{gold}y", f"x{gold}y")
    assert alike.value == pytest.approx(1)


@pytest.mark.parametrize("name", ["f1", "f1-cmrc", "f1-words", "edit", "rouge"])
@settings(max_examples=30, deadline=None)
@given(st.text(alphabet="abc 猫狗", max_size=20), st.text(alphabet="abc 猫狗", max_size=20))
def test_what_is_symmetric_is_so(name, a, b):
    a, b = f"猫{a}x", f"猫{b}x"
    assert judged(name, a, b).value == pytest.approx(judged(name, b, a).value)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="abc", max_size=25), st.text(alphabet="abc", max_size=25))
def test_the_longest_run_is_that_of_all_stretches(a, b):
    stretches = (b[i:j] for i in range(len(b)) for j in range(i + 1, len(b) + 1))
    assert longest_run(a, b) == max((len(one) for one in stretches if one in a), default=0)


@pytest.mark.parametrize("name", SIMILARITIES + OTHERS)
@pytest.mark.parametrize("text", ["", " \n", "<think>never", "\ud800", "\0", "```\n```", "ANSWER:", "🦊" * 50, "."])
def test_odd_answers_are_judged_and_never_raise(name, text):
    for gold in ("a cat", "一只猫", ["a", "猫"], "..."):
        for finish in ("stop", "length", "refusal"):
            score = judged(name, gold, text, finish)
            assert score.value is not None and isinstance(score.outcome, Outcome)


@pytest.mark.parametrize("name", [*SIMILARITIES, "wer", "cer", "bleu", "ter"])
def test_silence_is_counted_and_is_not_measured(name):
    score = judged(name, "a cat sat", "")
    assert score.outcome is Outcome.UNPARSED
    assert all(metric.of in score.values for metric in by_name(name).reports)
    assert judged(name, "a cat sat", "", "length").outcome is Outcome.TRUNCATED
    assert judged(name, "a cat sat", "no", "refusal").outcome is Outcome.REFUSED


@pytest.mark.parametrize("name", SIMILARITIES + OTHERS)
def test_a_megabyte_is_judged_in_time(name):
    for gold, text in (("a cat sat on a mat", "hello world, foo. " * 60_000), ("天安门上太阳升", "天安门 " * 300_000)):
        with within(60):
            judged(name, gold, text)


@pytest.mark.parametrize("name", SIMILARITIES + OTHERS)
def test_a_scorer_knows_beforehand_what_it_needs(name):
    getattr(by_name(name), "ready", lambda: None)()


def test_a_reading_names_the_stretch_that_it_took():
    text = "<think>hm</think> I think so.\nANSWER: a cat"
    (reading,) = judged("f1", "a cat", text).readings
    assert text[slice(*reading.span)] == "a cat"
    (reading,) = judged("edit", "a cat", "  a cat \n").readings
    assert "  a cat \n"[slice(*reading.span)] == "a cat"
    fenced = "Sure.\n```js\n  f(x)\n```"
    (reading,) = judged("code-edit", "f(x)", fenced).readings
    assert fenced[slice(*reading.span)] == "f(x)"


def test_a_list_of_answers_is_a_list_of_golds(tmp_path):
    file = tmp_path / "q.jsonl"
    file.write_text('{"question": "Where?", "answer": ["Paris", "the capital of France"]}\n')
    benchmark = from_file(file, "f1")
    (sample,) = benchmark.dataset.read("", 0)
    assert (sample.target, sample.metadata["golds"]) == ("Paris", ["Paris", "the capital of France"])
    protocol = benchmark.protocols["default"]
    assert [metric.name for metric in protocol.metrics] == ["f1"]
    assert protocol.scorer(sample, Completion("capital of France", "stop")).value == 1
    assert from_file(file).protocols["default"].scorer(sample, Completion("the capital of France", "stop")).value == 1


@pytest.mark.parametrize("answer", ["[]", '["a", ""]', "[[1]]"])
def test_a_list_of_answers_that_holds_none_is_refused(answer, tmp_path):
    file = tmp_path / "q.jsonl"
    file.write_text(f'{{"question": "Where?", "answer": {answer}}}\n')
    with pytest.raises(BadFile, match=r"q\.jsonl line 1"):
        from_file(file)


def test_a_translation_is_asked_for_as_it_stands(tmp_path):
    file = tmp_path / "q.jsonl"
    file.write_text('{"question": "Translate into English: 你好", "answer": "Hello"}\n')
    benchmark = from_file(file, "bleu")
    (sample,) = benchmark.dataset.read("", 0)
    protocol = benchmark.protocols["default"]
    assert protocol.prompt(sample, "chat", ()).messages[-1].content == "Translate into English: 你好"
    assert [metric.name for metric in protocol.metrics] == ["bleu", "chrf", "ter"]
