"""Made-up prompts: seeded, of the length that was asked for, and no two of them alike from the first words on."""

from sinan.prompts.synthetic import _ASK, Synthetic


def words(text):
    return text.removesuffix(_ASK).split()


def test_prompts_are_a_function_of_seed_level_and_number():
    first, again = Synthetic(1, (50, 90)), Synthetic(1, (50, 90))
    assert [first.text("c/8", i) for i in range(5)] == [again.text("c/8", i) for i in (0, 1, 2, 3, 4)]
    assert first.text("c/8", 0) != Synthetic(2, (50, 90)).text("c/8", 0)
    assert first.text("c/8", 0) != first.text("c/16", 0)


def test_lengths_lie_in_the_range_and_reach_its_ends():
    prompts = Synthetic(0, (3, 6))
    assert {len(words(prompts.text("a", i))) for i in range(200)} == {3, 4, 5, 6}
    assert len(words(Synthetic(0, (40_000, 40_000)).text("a", 0))) == 40_000


def test_no_two_prompts_begin_alike():
    prompts = Synthetic(0, (100, 100))
    assert len({tuple(words(prompts.text("a", i))[:8]) for i in range(2000)}) == 2000


def test_a_prefix_is_shared_and_comes_on_top():
    plain, prompts = Synthetic(0, (20, 20)), Synthetic(0, (20, 20), prefix=30)
    texts = [words(prompts.text("a", i)) for i in range(20)]
    assert len({tuple(text[:30]) for text in texts}) == 1
    assert len({text[30] for text in texts}) > 1
    assert {len(text) for text in texts} == {50}
    assert words(plain.text("a", 3)) == texts[3][30:]
