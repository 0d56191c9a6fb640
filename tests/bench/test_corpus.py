import statistics

from guillemet_bench.corpus import article, articles, word_count

# Of the press: the shortest, the median and the longest article that lengths are taken from.
SHORTEST, MEDIAN, LONGEST = 113, 309, 618
ONE_SENTENCE = 25


def test_the_same_seed_makes_the_same_articles_and_another_one_others() -> None:
    assert articles(20, seed=1) == articles(20, seed=1)
    assert not set(articles(20, seed=1)) & set(articles(20, seed=2))


def test_articles_are_as_long_as_those_of_the_press() -> None:
    lengths = sorted(map(word_count, articles(200, seed=3)))

    assert abs(lengths[0] - SHORTEST) < ONE_SENTENCE
    assert abs(lengths[-1] - LONGEST) < ONE_SENTENCE
    assert abs(statistics.median(lengths) - MEDIAN) < ONE_SENTENCE


def test_few_articles_are_spread_as_well_as_many() -> None:
    few, many = (statistics.mean(map(word_count, articles(number, seed=4))) for number in (20, 400))

    assert abs(few - many) < ONE_SENTENCE


def test_an_article_has_paragraphs_and_quotations() -> None:
    text = article(400, seed=5)

    assert text.count("\n\n") >= 3
    assert text.count("«") == text.count("»") >= 5
    assert not {"{", "}"} & set(text)
