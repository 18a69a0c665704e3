"""Spanish, French, Japanese and Chinese as a table: id, arguments, response, verdict."""

import pytest

from sinan.scoring.instructions import japanese_2024
from sinan.scoring.instructions.checks import ENGLISH, OF_LANGUAGES, followed, ids

LETTERS = {"num_letters": 3, "relation": "以上"}
FREE = [
    ("es:length_constraints:number_words", {"num_words": 3, "relation": "al menos"}, "1. uno dos\n- tres", True),
    ("es:length_constraints:number_words", {"num_words": 2, "relation": "como máximo"}, "1. uno dos\n- tres", False),
    (
        "es:change_case:capital_word_frequency",
        {"capital_frequency": 1, "capital_relation": "como máximo"},
        "SÍ y NO",
        False,
    ),
    ("es:detectable_content:postscript", {"postscript_marker": "P.D."}, "hola\nP. D. adiós", True),
    ("es:detectable_content:postscript", {"postscript_marker": "Nota"}, "NOTA: x", True),
    ("es:detectable_format:constrained_response", {}, "Quizás.", True),
    ("es:detectable_format:number_bullet_lists", {"num_bullets": 1}, "* a\n- b", True),
    (
        "es:length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "En resumen"},
        "a\n\n**En resumen**, b",
        True,
    ),
    (
        "es:length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "En resumen"},
        "a\n\nEn",
        False,
    ),
    ("es:punctuation:question_marks", {}, "¿Qué?", True),
    ("es:punctuation:question_marks", {}, "Qué?", False),
    ("es:punctuation:question_marks", {}, "¿ ?", False),
    ("es:punctuation:exclamation_marks", {}, "¡Ay\nay!", True),
    ("es:punctuation:exclamation_marks", {}, "Ay!", False),
    ("es:special_character:enie", {"let_frequency": 2}, "Ñandú y año y sol", True),
    ("es:special_character:enie", {"let_frequency": 2}, "año", False),
    ("es:special_character:dieresis", {"let_frequency": 1}, "pingüino", True),
    ("es:special_character:tildes", {"num_words": 2, "relation": "al menos"}, "Él está aquí", True),
    ("es:special_character:tildes", {"num_words": 2, "relation": "como máximo"}, "Él está aquí", False),
    ("es:startend:end_checker", {"end_phrase": "Un saludo"}, "x. Un saludo.", True),
    ("es:keywords:forbidden_words", {"forbidden_words": ["sol"]}, "soles", True),
    ("fr:detectable_content:informal_address", {}, "Comment vas-tu ?", True),
    ("fr:detectable_content:informal_address", {}, "Comment allez-vous ?", False),
    ("fr:detectable_content:no_digits", {}, "deux", True),
    ("fr:detectable_content:no_digits", {}, "2", False),
    ("fr:detectable_format:constrained_response", {}, "Peut-être.", True),
    ("fr:detectable_format:title", {}, "##Un titre##\ntexte", True),
    ("fr:detectable_format:title", {}, "## Un titre", False),
    ("fr:detectable_format:title", {}, "#####", False),
    ("fr:special_character:accents", {"word_to_accentuate": {"ecole": "école", "a": None}}, "L'École a", True),
    ("fr:special_character:accents", {"word_to_accentuate": {"ecole": "école"}}, "l'ecole", False),
    ("fr:special_character:ethel_or_cedilla", {"forbidden_char": "ç"}, "Ça", False),
    ("fr:special_character:ethel_or_cedilla", {"forbidden_char": "œ"}, "Ça", True),
    ("fr:special_character:no_accents", {}, "un texte", True),
    ("fr:special_character:no_accents", {}, "été", False),
    ("fr:startend:quotation", {}, "« a »", True),
    ("fr:startend:quotation", {}, "'a'", True),
    ("fr:startend:quotation", {}, '«a"', False),
    ("ja:combination:repeat_prompt", {"prompt_to_repeat": "ABと言え"}, "ABと言え。はい", True),
    ("ja:combination:repeat_prompt", {"prompt_to_repeat": "ABと言え"}, "abと言え", False),
    ("ja:detectable_content:postscript", {"postscript_marker": "追伸"}, "本文\n追伸：続き", True),
    ("ja:detectable_content:postscript", {"postscript_marker": "P.P.S."}, "P. P. S. 続き", True),
    ("ja:detectable_format:constrained_response", {}, "はい、そうです。", True),
    ("ja:detectable_format:multiple_sections", {"section_spliter": "章", "num_sections": 2}, "第1章\n第２章", True),
    ("ja:detectable_format:multiple_sections", {"section_spliter": "章", "num_sections": 1}, "1章", False),
    ("ja:detectable_format:number_bullet_lists", {"num_bullets": 3}, "・一\n* 二\n- 三\n---", True),
    ("ja:detectable_format:number_numbered_lists", {"num_items": 2}, "1. 一\n2. 二\n3.三", True),
    ("ja:detectable_format:number_highlighted_sections", {"num_highlights": 1}, "《あ》", True),
    ("ja:detectable_format:number_highlighted_sections", {"num_highlights": 1}, "《 》《あ", False),
    ("ja:detectable_format:title", {}, "『詩』", True),
    ("ja:detectable_format:title", {}, "『』", False),
    ("ja:keywords:existence", {"keywords": ["創造性"]}, "高い創造性を", True),
    ("ja:keywords:forbidden_words", {"forbidden_words": ["海"]}, "海岸", False),
    ("ja:keywords:frequency", {"keyword": "猫", "frequency": 2, "relation": "未満"}, "猫と猫", False),
    ("ja:keywords:letter_frequency", {"letter": "あ", "let_frequency": 2, "let_relation": "以上"}, "あとア", True),
    (
        "ja:length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "また"},
        "一\n\n## 「また、",
        True,
    ),
    (
        "ja:length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "また"},
        "一\n\nさて、また",
        False,
    ),
    (
        "ja:length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 1, "nth_paragraph": 1, "first_word": "また"},
        "ま*た",
        False,
    ),
    (
        "ja:length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 1, "nth_paragraph": 1, "first_word": "また"},
        "** また",
        False,
    ),
    ("ja:length_constraints:number_letters", LETTERS, "あ。\n", True),
    ("ja:length_constraints:number_letters", LETTERS, "あ。", False),
    ("ja:length_constraints:number_sentences", {"num_sentences": 2, "relation": "以上"}, "雨だ。寒い！", True),
    (
        "ja:length_constraints:number_sentences",
        {"num_sentences": 2, "relation": "未満"},
        "「雨だ。寒い」と言った。",
        True,
    ),
    ("ja:length_constraints:number_sentences", {"num_sentences": 2, "relation": "未満"}, "雨の\n日だ。", True),
    ("ja:length_constraints:number_sentences", {"num_sentences": 3, "relation": "以上"}, "見出し\n\n雨だ。寒い", True),
    ("ja:length_constraints:number_sentences", {"num_sentences": 2, "relation": "未満"}, "雨（本当？）だ。 ", True),
    ("ja:letters:furigana", {}, "雨（あめ）が降（ふ）る", True),
    ("ja:letters:furigana", {}, "雨が降（ふ）る", False),
    ("ja:letters:hiragana_only", {}, "あー、1!", True),
    ("ja:letters:hiragana_only", {}, "あア", False),
    ("ja:letters:kanji", {"kanji_limit": 2, "relation": "以上"}, "雨が降る", True),
    ("ja:letters:kansuuji", {}, "三つ", True),
    ("ja:letters:kansuuji", {}, "３つ", False),
    ("ja:letters:katakana_only", {}, "アー・ｱ 1", True),
    ("ja:letters:katakana_only", {}, "ア雨", False),
    ("ja:letters:no_hiragana", {}, "雨ア", True),
    ("ja:letters:no_hiragana", {}, "雨あ", False),
    ("ja:letters:no_katakana", {}, "雨あー", True),
    ("ja:letters:no_katakana", {}, "ｱ", False),
    ("ja:punctuation:no_comma", {}, "あ, い", True),
    ("ja:punctuation:no_comma", {}, "あ、い", False),
    ("ja:punctuation:no_period", {}, "あ", True),
    ("ja:punctuation:no_period", {}, "あ。", False),
    ("ja:startend:end_checker", {"end_phrase": "以上です"}, "では**以上です**\n", True),
    ("ja:startend:end_checker", {"end_phrase": "「以上です」"}, "では「以上です」", True),
    ("ja:startend:quotation", {}, "「あ」", True),
    ("ja:startend:quotation", {}, "『あ』", False),
    ("ja:startend:sentence_unified_end", {"ending": "です"}, "雨です。「寒い。」冬です。", True),
    ("ja:startend:sentence_unified_end", {"ending": "です"}, "雨です。寒い。", False),
    ("ja:startend:sentence_unified_end", {"ending": "『"}, "『「』」", True),
    ("ja-2024:detectable_content:postscript", {"postscript_marker": "P.P.S."}, "P.P.S. 続き", True),
    ("ja-2024:detectable_content:postscript", {"postscript_marker": "P.P.S."}, "P. P. S. 続き", False),
    ("ja-2024:detectable_format:number_bullet_lists", {"num_bullets": 1}, "・一\n* 二\n・・三", True),
    (
        "ja-2024:length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 1, "nth_paragraph": 1, "first_word": "また"},
        "「『また、",
        True,
    ),
    (
        "ja-2024:length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 1, "nth_paragraph": 1, "first_word": "また"},
        "## また、",
        False,
    ),
    ("ja-2024:startend:end_checker", {"end_phrase": "以上です"}, "では「以上です」", True),
    ("ja-2024:startend:end_checker", {"end_phrase": "以上です"}, "では**以上です**", False),
    ("ja-2024:letters:no_katakana", {}, "雨", True),
    ("zh:length_constraints:number_words", {"num_words": 5, "relation": "at least"}, "你好，world 2024！😀", True),
    ("zh:length_constraints:number_words", {"num_words": 6, "relation": "at least"}, "你好，world 2024！😀", False),
    ("zh:length_constraints:number_words", {"num_words": 3, "relation": "不超过"}, "春天来", True),
    ("zh:length_constraints:number_sentences", {"num_sentences": 3, "relation": "at least"}, "好。真的？\n是", True),
    ("zh:length_constraints:number_sentences", {"num_sentences": 4, "relation": "at least"}, "好。真的？\n是", False),
    (
        "zh:length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "首先"},
        "一\n\n首先，二",
        True,
    ),
    ("zh:detectable_format:constrained_response", {}, "我的答案是是。", True),
    ("zh:keywords:existence", {"keywords": ["春天"]}, "在春天里", True),
    ("zh:keywords:forbidden_words", {"forbidden_words": ["春天"]}, "在春天里", False),
    ("zh:punctuation:no_comma", {}, "一、二", True),
    ("zh:punctuation:no_comma", {}, "一，二", False),
    ("zh:punctuation:no_period", {}, "一。", False),
    ("zh:punctuation:no_punctuation", {}, "春眠不觉晓 处处闻啼鸟", True),
    ("zh:punctuation:no_punctuation", {}, "春眠不觉晓，", False),
    ("zh:startend:end_checker", {"end_phrase": "谢谢"}, "“再见，谢谢”", True),
    ("zh:startend:quotation", {}, "“好”", True),
    ("zh:startend:quotation", {}, "「好」", True),
    ("zh:startend:quotation", {}, "好", False),
]
BY_PACKAGES = [
    (
        "es:length_constraints:number_sentences",
        {"num_sentences": 2, "relation": "al menos"},
        "El Sr. Gil corre. Gana.",
        True,
    ),
    ("es:change_case:spanish_capital", {}, "ESTA ES UNA FRASE EN ESPAÑOL, Y NADA MÁS.", True),
    ("es:change_case:spanish_lowercase", {}, "esta es una frase en español, y nada más.", True),
    ("es:change_case:spanish_lowercase", {}, "this is an english sentence and nothing else.", False),
    (
        "fr:length_constraints:number_sentences",
        {"num_sentences": 2, "relation": "moins de"},
        "Selon M. Dupont, cf. p. 3, tout va.",
        True,
    ),
    ("fr:change_case:french_capital", {}, "CECI EST UNE PHRASE EN FRANÇAIS, ET RIEN D'AUTRE.", True),
    ("fr:change_case:french_lowercase", {}, "ceci est une phrase en français, et rien d'autre.", True),
    ("ja:detectable_format:nominal_ending", {"count": 1}, "好きなのは海。泳ぎます。", True),
    ("ja-2024:keywords:existence", {"keywords": ["海"]}, "海を見る", True),
    ("ja-2024:keywords:existence", {"keywords": ["海"]}, "海岸を見る", False),
    ("ja-2024:keywords:forbidden_words", {"forbidden_words": ["海"]}, "海岸を見る", True),
    ("ja-2024:keywords:frequency", {"keyword": "海", "frequency": 2, "relation": "以上"}, "海、海岸", False),
    ("ja:detectable_format:nominal_ending", {"count": 1}, "海が好きです。泳ぎます。", False),
    ("zh:language:response_language", {"language": "zh"}, "今天天气很好，我们去公园散步吧。", True),
    ("zh:language:response_language", {"language": "zh"}, "The weather is fine today.", False),
]


@pytest.mark.parametrize(("id", "arguments", "response", "verdict"), FREE)
def test_an_instruction_of_a_language_is_followed_or_not(id, arguments, response, verdict):
    assert followed(id, arguments, response) is verdict


@pytest.mark.parametrize(("id", "arguments", "response", "verdict"), BY_PACKAGES)
def test_an_instruction_of_a_language_that_takes_a_model_is_followed_or_not(id, arguments, response, verdict):
    for package in ("janome", "langdetect", "nltk", "punkt"):
        pytest.importorskip(package)
    assert followed(id, arguments, response) is verdict


def test_every_check_of_a_language_is_in_the_table():
    tried = {row[0] for row in (*FREE, *BY_PACKAGES)}
    assert {f"{name}:{id}" for name, own in OF_LANGUAGES.items() for id in own if name != "ja-2024"} <= tried
    assert {f"ja-2024:{id}" for id in japanese_2024.checks()} <= tried


def test_a_language_has_the_checks_of_english_as_well():
    assert {f"zh:{id}" for id in ENGLISH} <= set(ids())
    assert "en:punctuation:no_comma" not in ids() and "punctuation:no_comma" in ids()
