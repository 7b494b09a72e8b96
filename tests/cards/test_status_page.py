"""The page of a set's progress is one file that asks for nothing, says what is known, and takes no word for markup."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from camera_motion.cards.spelling import clock, spell_money, spell_rate
from camera_motion.cards.status import MOST_ROWS, MOST_STEPS, Failed, Machine, Progress, Worker, page, plot, thinned

NOW = 1_700_000_000.0
HALF = Progress(
    title="courtyards",
    url="s3://bucket/sets/courtyards",
    identity="0123456789abcdef",
    at=NOW,
    clips=1000,
    shards=100,
    done_clips=498,
    done_shards=50,
    clips_per_shard=10,
    tar_bytes=5 * 10**9,
    expected_bytes=10 * 10**9,
    rate=0.5,
    window_s=300.0,
    rate_overall=0.4,
    left_s=1000.0,
    cpu_h=12.0,
    gpu_h=3.5,
    spent=41.5,
    to_come=41.5,
    candidates=520,
    again="camera-motion extend s3://bucket/sets/courtyards --clips 1000",
    workers=(
        Worker("train-000050", NOW - 60, "cuda", "a1", "a processor", silent=False),
        Worker("train-000051", NOW - 9000, "cuda", "a1", "a processor", silent=True),
    ),
    failed=(Failed("train-000052", NOW - 600, "OSError: gone", "camera-motion extend … --slice 52/100"),),
    machines=(Machine("a1", "a processor", 50, 498, 2000.0, 1500.0, 8.0, 0.5),),
    missing={"cm-courtyards-000007": "place: no free view", "cm-courtyards-000008": "gate: focal +0.7 %"},
    rejections={"gate: focal # %": 22},
    curve=((NOW - 1245.0, 0), (NOW - 600.0, 200), (NOW - 5.0, 498)),
)


def visible(text: str) -> str:
    body = text.partition("<body>")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_the_page_says_what_is_known() -> None:
    text = visible(page(HALF))
    for known in (
        "49.8 %",
        "498 of 1,000 clips, 50 of 100 shards",
        "50 done 498 clips",
        "1 running 10 clips",
        "1 failed 10 clips",
        "48 waiting 480 clips",
        "30 clips/min 1 at work",
        "16 min 40 s until 14 Nov 22:30 UTC",
        "5.0 GB of about 10.0 GB",
        "12 core-hours, and 3.5 GPU-hours",
        "41.50 and 41.50 to come",
        "OSError: gone camera-motion extend … --slice 52/100",
        "train-000051 14 Nov 19:43 UTC, 2 h 30 min ago",
        "train-000050 1 min 00 s cuda a processor",
        "22 of 520 candidates rejected",
        "gate: focal … % 22",
        "2 clips missing",
        "cm-courtyards-000007 place: no free view",
    ):
        assert known in text, known


def test_a_page_that_nobody_works_for_says_how_to_go_on() -> None:
    text = visible(page(replace(HALF, workers=(), failed=(), spent=None, to_come=None)))
    assert "16 min 40 s once somebody goes on" in text
    assert HALF.again in text
    assert "at work," not in text
    assert "at the prices given" not in text


def test_a_set_that_is_not_begun_and_one_that_is_complete_have_pages() -> None:
    empty = Progress("a", "a", "0", NOW, 10, 1, 0, 0, 10, 0, 100.0, left_s=5.0)
    assert "0.0 %" in visible(page(empty))
    whole = replace(HALF, done_clips=1000, done_shards=100, workers=(), failed=(), missing={}, left_s=None)
    assert "Complete" in visible(page(whole))
    assert "Go on" not in visible(page(whole))


def test_the_page_asks_for_nothing_and_reloads_only_while_it_is_watched() -> None:
    text = page(HALF)
    assert "default-src &#39;none&#39;" in text
    assert not re.findall(r"https?://|<script|<link|<img|url\(", text)
    assert "refresh" not in text
    assert '<meta http-equiv="refresh" content="10">' in page(HALF, 10.0)


def test_what_strangers_wrote_is_text() -> None:
    evil = "</code><script>alert(1)</script>"
    text = page(replace(HALF, title=evil, failed=(Failed(evil, NOW, evil, evil),), missing={evil: evil}))
    assert "<script" not in text


def test_a_long_table_is_cut_and_says_so() -> None:
    many = tuple(Failed(f"train-{i:06d}", NOW, "OSError", "x") for i in range(MOST_ROWS + 7))
    assert "and 7 more" in visible(page(replace(HALF, shards=1000, failed=many)))


def test_the_plot_ends_where_the_set_will() -> None:
    drawn = plot(HALF)
    assert drawn
    assert (drawn.begin, drawn.end) == (NOW - 1245.0, NOW + 1000.0)
    assert drawn.now_x == pytest.approx(1000 * 1245 / 2245)
    assert drawn.done.startswith("M0.0 1000.0H287.3V800.0H552.3V502.0")
    assert drawn.foreseen == "M554.6 502.0L1000 2.0"
    slow = plot(replace(HALF, left_s=1e9))
    assert slow
    assert slow.now_x == pytest.approx(250.0), "what is done keeps a quarter of the width"
    done = plot(replace(HALF, workers=()))
    assert done
    assert (done.foreseen, done.end) == ("", NOW - 5.0)
    assert plot(replace(HALF, curve=())) is None


def test_a_curve_of_a_hundred_thousand_shards_is_thinned() -> None:
    curve = [(float(i), i) for i in range(100_000)]
    thin = thinned(curve)
    assert len(thin) <= MOST_STEPS + 1
    assert (thin[0], thin[-1]) == (curve[0], curve[-1])


@pytest.mark.parametrize(("rate", "spelt"), [(12.34, "12.3 clips/s"), (0.5, "30 clips/min"), (0.001, "3.6 clips/h")])
def test_rates(rate: float, spelt: str) -> None:
    assert spell_rate(rate) == spelt


@pytest.mark.parametrize(("amount", "spelt"), [(1234.5, "1,234.50"), (0.0123, "0.012"), (0.0, "0.00")])
def test_amounts(amount: float, spelt: str) -> None:
    assert spell_money(amount) == spelt


def test_moments() -> None:
    assert clock(NOW) == "14 Nov 22:13 UTC"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium on this machine")
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program)
        yield started
        started.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1180])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_and_its_own_policy_lets_it_be_seen(
    browser: Any, tmp_path: Path, width: int, scheme: str
) -> None:
    path = tmp_path / "page.html"
    path.write_text(page(HALF))
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    tab, said = context.new_page(), list[str]()
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(path.as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    assert said == []
    paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(250, 249, 246)", "dark": "rgb(19, 19, 18)"}[scheme]
    context.close()
