"""A gallery is made of the tars, replaces itself and nothing else, and works in a real browser from the disk."""

import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import yaml
from PIL import Image
from sets import CLIPS, write_set

import camera_motion
from camera_motion.builder.gallery import gallery, plays
from camera_motion.builder.places.disk import writing
from camera_motion.builder.run import build
from camera_motion.builder.shard import write_tar
from camera_motion.builder.specfile import load
from camera_motion.generator.encode import encode
from camera_motion.generator.identity import identity_of
from camera_motion.schema.base import SpecError
from camera_motion.schema.clip import FilmedClip

HOSTILE = "A room</script><img src=x onerror='document.title=1'> & <b>bold</b>, camera pans."
ODD = {
    "short_caption": HOSTILE,
    "scene": "<u>cellar</u>",
    "camera_motion": ("pan_left", "<s>moon</s>walk"),
    "main_motion": "<s>moon</s>walk",
    "character": "__proto__",
}
FRAMES, FPS = 24, 12


def gradient(frame: int) -> int:
    """Give the grey of a frame: its number can be read off the screen."""
    return 20 + 9 * frame


def long_clip(index: int, **changes: Any) -> FilmedClip:
    """Make a clip of two seconds, each frame of another grey, that goes forward and turns."""
    clip = CLIPS[index % 4]
    frames = [np.full((96, 160, 3), gradient(k), np.uint8) for k in range(FRAMES)]
    poses = np.tile(np.eye(4), (FRAMES, 1, 1))
    poses[:, 2, 3] = -np.linspace(0.0, 2.0, FRAMES)
    segments = tuple(s.model_copy(update={"end_frame": FRAMES - 1}) for s in clip.record.motion_segments)
    record = clip.record.model_copy(
        update={
            "key": f"cm-test-{index:06d}",
            "num_frames": FRAMES,
            "fps": float(FPS),
            "width": 160,
            "height": 96,
            "motion_segments": segments,
            "split": "test" if index > 3 else "train",
            "scene": "courtyard" if index % 3 == 0 else "interior",
        }
        | changes
    )
    lens = np.tile(np.array([0.9, 1.5, 0.5, 0.5], np.float32), (FRAMES, 1))
    return FilmedClip(record, encode(frames, 160, 96, FPS), poses, lens, clip.tracks)


def write(root: Path, name: str, clips: list[FilmedClip]) -> None:
    with writing(root / "webdataset" / f"{name}.tar") as file:
        write_tar(file, clips)


# --- the folder


def test_clips_are_copied_as_they_are_and_posters_show_the_first_frame(tmp_path: Path) -> None:
    root = write_set(tmp_path)
    made = gallery(root)
    folder = root / "gallery"
    assert made.page == folder / "index.html"
    assert made.clips == 4
    for clip in CLIPS:
        assert (folder / "clips" / f"{clip.record.key}.mp4").read_bytes() == clip.video
    picture = Image.open(folder / "clips" / f"{CLIPS[2].record.key}.webp")
    grey = np.asarray(picture.convert("L"))
    assert picture.format == "WEBP"
    assert grey[:, 21:27].mean() > grey[:, 40:].mean() + 50


def test_made_again_it_replaces_itself_and_leaves_nothing_behind(tmp_path: Path) -> None:
    root, place = write_set(tmp_path / "set"), tmp_path / "page"
    gallery(root, place)
    left = tmp_path / ".page.0123.partial"  # of a killed run
    shutil.copytree(place, left)
    gallery(root, place, clips=1)
    assert [path.name for path in (place / "clips").glob("*.mp4")] == [f"{CLIPS[0].record.key}.mp4"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page", "set"]


@pytest.mark.parametrize("where", ["notes.txt", "clips/mine.mp4"])
def test_a_folder_with_anything_else_in_it_is_refused(tmp_path: Path, where: str) -> None:
    root, place = write_set(tmp_path / "set"), tmp_path / "page"
    gallery(root, place)
    (place / where).write_text("mine")
    with pytest.raises(SpecError, match="which no gallery made"):
        gallery(root, place)
    assert (place / where).read_text() == "mine"
    assert len(list(place.rglob("*.mp4"))) == 4 + where.endswith("mp4")


def test_a_folder_that_is_no_gallery_is_refused_and_an_empty_one_taken(tmp_path: Path) -> None:
    root = write_set(tmp_path / "set")
    with pytest.raises(SpecError, match=r"webdataset/train-000000\.tar, which no gallery made"):
        gallery(root, root)
    (tmp_path / "empty").mkdir()
    assert gallery(root, tmp_path / "empty").clips == 4


@pytest.mark.parametrize(
    ("options", "words"), [({"clips": 0}, "nothing to show"), ({"split": "test"}, r"holds no test-\*.tar")]
)
def test_a_wrong_wish_is_refused_in_a_line_and_leaves_nothing(
    tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    root = write_set(tmp_path / "set")
    with pytest.raises(SpecError, match=words):
        gallery(root, tmp_path / "page", **options)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_damaged_tar_is_named_and_the_page_there_stays(tmp_path: Path) -> None:
    root = write_set(tmp_path / "set")
    before = gallery(root).page.read_bytes()
    tar = root / "webdataset" / "train-000001.tar"
    tar.write_bytes(tar.read_bytes()[:5000])
    with pytest.raises(SpecError, match=r"train-000001\.tar"):
        gallery(root)
    assert (root / "gallery" / "index.html").read_bytes() == before


def test_what_browsers_cannot_play_is_shown_as_a_copy(tmp_path: Path) -> None:
    clip = CLIPS[0]
    frames = np.full((clip.record.num_frames, 64, 96, 3), 90, np.uint8)
    write(tmp_path, "train-000000", [replace(clip, video=encode(frames, 96, 64, 24, "ffv1")), CLIPS[1]])
    made = gallery(tmp_path)
    assert made.converted == 1
    assert plays((made.page.parent / "clips" / f"{clip.record.key}.mp4").read_bytes())
    assert "1 clip is shown as H.264 copies" in made.page.read_text()


def test_the_command_on_the_page_makes_the_very_set(tmp_path: Path) -> None:
    spec = tiny.spec()
    root = tmp_path / "set"
    build(spec, root, tiny.film, engine="serial")
    made = gallery(root, clips=5)
    assert (made.clips, made.total) == (5, 12)
    text = made.page.read_text()
    assert "The first 5 of 12 clips" in text
    assert str(tmp_path) not in text
    again = load(str(made.page.with_name("spec.yaml")))
    assert identity_of(again) == identity_of(spec)
    build(again, tmp_path / "again", tiny.film, part=(1, 6), engine="serial")  # as --slice 1/6
    (tar,) = (tmp_path / "again" / "webdataset").iterdir()
    assert tar.name.endswith("-000001.tar")
    assert tar.read_bytes() == (root / "webdataset" / tar.name).read_bytes()
    facts = json.loads(text.partition('id="payload">')[2].partition("</script>")[0])["facts"]
    assert (facts["spec"], facts["shards"], facts["shard_clips"]) == ("spec.yaml", 6, 2)


def test_small_files_that_the_spec_names_travel_with_it(tmp_path: Path) -> None:
    (tmp_path / "paths").mkdir()
    way = tmp_path / "paths" / "walk.txt"
    way.write_text((Path(camera_motion.__path__[0]) / "specs" / "trajectories" / "walk.txt").read_text())
    source = tiny.spec(moves=[{"move": "replay", "file": "paths/walk.txt"}, {"move": "pan"}]).model_dump(mode="json")
    (tmp_path / "mine.yaml").write_text(
        yaml.safe_dump({k: v for k, v in source.items() if k not in ("base", "inputs")})
    )
    spec = load(str(tmp_path / "mine.yaml"))
    build(spec, tmp_path / "set", tiny.film, engine="serial")
    made = gallery(tmp_path / "set", tmp_path / "page")
    assert identity_of(load(str(made.page.with_name("spec.yaml")))) == identity_of(spec)
    way.write_text("changed since")
    made = gallery(tmp_path / "set", tmp_path / "page")
    assert not (tmp_path / "page" / "paths").exists()
    assert '"needs":["paths/walk.txt"]' in made.page.read_text()


# --- in the browser


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


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("site") / "a <i>set"
    write(root, "train-000000", [long_clip(0), long_clip(1), long_clip(2, **ODD), long_clip(3)])
    write(root, "test-000001", [long_clip(4, speed="fast"), long_clip(5, speed="fast")])
    return gallery(root).page.as_uri()


class Seen:
    """What a page complained of."""

    def __init__(self, page: Any) -> None:
        self.problems: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda m: m.type in ("error", "warning") and self.problems.append(m.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("requestfailed", self._failed)
        page.on("request", lambda request: self.asked.append(request.url))

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # a video that went out of view while it loaded
            self.problems.append(f"{request.url}: {request.failure}")


@pytest.fixture
def open_page(browser: Any, site: str) -> Iterator[Any]:
    """Open the gallery; at the end, nothing must have gone wrong and nothing been asked of any server."""
    contexts, seen = [], []

    def start(address: str = "", width: int = 1440, height: int = 900, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        seen.append(Seen(page))
        page.goto(site + address)
        return page

    yield start
    for context in contexts:
        context.close()
    for one in seen:
        assert one.problems == []
        assert all(url.startswith(("file:", "data:")) for url in one.asked)


def until(page: Any, expression: str) -> None:
    """Wait for an expression to be true; the page's policy forbids playwright's own way."""
    for _ in range(200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never true: {expression}")


def seen_within(page: Any, frame: int) -> bool:
    """Tell whether the player comes to show the grey of a frame."""
    for _ in range(50):
        shown = Image.open(io.BytesIO(page.locator("#stage").screenshot())).convert("L")
        grey = np.median(np.asarray(shown))
        if min(range(FRAMES), key=lambda k: abs(grey - gradient(k))) == frame:
            return True
        page.wait_for_timeout(100)
    return False


def visible(page: Any) -> list[str]:
    return page.eval_on_selector_all(".card:not([hidden])", "cards => cards.map(card => card.clip.key)")


@pytest.mark.browser
def test_clips_in_view_play(open_page: Any) -> None:
    page = open_page()
    until(page, "document.querySelector('.card video')?.currentTime > 0.2")
    assert page.evaluate("document.querySelector('.card video').videoWidth") == 160
    page.keyboard.press("p")
    until(page, "!document.querySelector('.card video')")
    page.hover(".card:nth-child(2)")
    until(page, "document.querySelector('.card:nth-child(2) video')?.currentTime > 0.1")


@pytest.mark.browser
def test_who_asks_for_less_motion_gets_it(open_page: Any) -> None:
    page = open_page(reduced_motion="reduce")
    page.hover(".card:nth-child(2)")
    page.wait_for_timeout(400)
    assert page.query_selector(".card video") is None
    page.click(".card:nth-child(2) a")
    until(page, "document.querySelector('#player').readyState >= 2")
    assert page.evaluate("document.querySelector('#player').paused")


@pytest.mark.browser
def test_filters_change_what_is_shown_and_the_address(open_page: Any) -> None:
    page = open_page()
    assert page.inner_text("#count") == "6 clips"
    page.click("button.option:has-text('fast')")
    assert page.inner_text("#count") == "2 of 6 clips"
    assert visible(page) == ["cm-test-000004", "cm-test-000005"]
    assert page.evaluate("location.hash") == "#speed=fast"
    assert page.inner_text("button.option:has-text('train') b") == "0"  # with the speed that is chosen
    page.keyboard.press("/")
    page.keyboard.type("nowhere")
    assert page.is_visible("text=Nothing matches.")
    assert page.inner_text("#count") == "0 of 6 clips"
    page.click("#clear-nothing")
    assert len(visible(page)) == 6
    assert page.evaluate("location.hash") == ""


@pytest.mark.browser
def test_an_address_brings_back_filters_and_the_open_clip(open_page: Any) -> None:
    page = open_page("#scene=courtyard&move=tilt_up&q=room&clip=cm-test-000003&frame=7")
    until(page, "document.querySelector('#clip').open")
    assert page.inner_text("#clip-key") == "cm-test-000003"
    assert page.inner_text("#frame").startswith("7 / 23")
    page.keyboard.press("Escape")
    until(page, "location.hash === '#scene=courtyard&move=tilt_up&q=room'")
    assert visible(page) == ["cm-test-000003"]
    strange = open_page("#scene=%3Cscript%3E&clip=__proto__&frame=NaN&speed=nope")
    assert len(visible(strange)) == 6


@pytest.mark.browser
def test_the_keyboard_alone_opens_steps_and_closes(open_page: Any) -> None:
    page = open_page()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('#player').currentTime > 0.1")
    assert page.evaluate("document.querySelector('#player').videoWidth") == 160
    page.keyboard.press(" ")
    assert page.evaluate("document.querySelector('#player').paused")
    page.keyboard.press("Home")
    for _ in range(5):
        page.keyboard.press(".")
    page.keyboard.press(",")
    assert page.inner_text("#frame").startswith("4 / 23")
    assert page.get_attribute("#scrub", "aria-valuetext").startswith("frame 4 of 23")
    assert seen_within(page, frame=4)
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#clip-key") == "cm-test-000002"
    for _ in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('#clip').contains(document.activeElement)")
    page.keyboard.press("Escape")
    until(page, "document.activeElement.closest('.card')?.clip.key === 'cm-test-000002'")
    page.keyboard.press("?")
    assert page.is_visible("text=one frame back, one on")


@pytest.mark.browser
def test_the_detail_view_shows_path_segments_curves_and_proof_in_step(open_page: Any) -> None:
    page = open_page("#clip=cm-test-000001&frame=0")
    assert page.locator(".segment").count() == 2
    assert page.locator(".views svg .cone").count() == 14
    places = []
    for key in ("Home", "End"):
        page.keyboard.press(key)
        marker, head = page.locator(".views .dot").nth(1), page.locator("#playhead")
        places.append((float(marker.get_attribute("cx")), head.bounding_box()["x"]))
    assert places[1][0] > places[0][0] + 50  # two metres forward, from the side
    assert places[1][1] > places[0][1] + 200
    assert "forward 2.00 m" in page.inner_text("#curves")
    assert "corners followed" in page.inner_text("#proof")
    page.click(".segment >> nth=1")
    assert page.inner_text("#frame").startswith("0 / 23")


@pytest.mark.browser
def test_a_motion_is_shown_whole_though_the_speed_beside_it_may_be_left_out(open_page: Any) -> None:
    page = open_page("", width=1440, height=900)
    for words in ("pan left 5°", "dolly zoom out 12.34 m"):
        page.evaluate("text => document.querySelectorAll('.card .chip').forEach(c => c.textContent = text)", words)
        assert page.evaluate("[...document.querySelectorAll('.card .chip')].every(c => c.scrollWidth <= c.clientWidth)")
        assert page.evaluate("[...document.querySelectorAll('.card .line')].every(c => c.clientHeight <= 20)")


@pytest.mark.browser
def test_hostile_words_are_shown_as_text(open_page: Any) -> None:
    page = open_page("#clip=cm-test-000002")
    assert page.inner_text("#say") == HOSTILE
    assert page.inner_text("h1") == "a <i>set"
    assert page.title() != "1"
    assert page.locator("b:text-is('bold')").count() == 0
    assert page.locator("u, s").count() == 0
    page.keyboard.press("Escape")
    page.click("button.option:has-text('<u>cellar</u>')")
    page.click("button.option:has-text('proto')")
    assert visible(page) == ["cm-test-000002"]
    assert page.locator(".family", has_text="<s>moon</s>walk").count() == 1


@pytest.mark.browser
def test_back_closes_the_clip_and_the_link_opens_it_again(open_page: Any) -> None:
    page = open_page()
    page.click(".card:nth-child(5) a")
    page.click("#next")
    page.keyboard.press("Home")
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    page.click("#link")
    page.go_back()
    until(page, "!document.querySelector('#clip').open && !location.hash")
    page.goto(page.evaluate("window.copied"))
    until(page, "document.querySelector('#clip').open")
    assert page.inner_text("#clip-key") == "cm-test-000005"
    assert page.inner_text("#frame").startswith("0 / 23")


@pytest.mark.browser
def test_dragging_over_the_curves_goes_through_time(open_page: Any) -> None:
    page = open_page("#clip=cm-test-000001&frame=0")
    box = page.locator("#curves").bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60, steps=4)
    assert page.inner_text("#frame").split()[0] in ("11", "12")
    page.mouse.move(box["x"] + 3 * box["width"], box["y"])
    page.mouse.up()
    assert page.inner_text("#frame").startswith("23 / 23")


@pytest.mark.browser
@pytest.mark.parametrize("address", ["", "#clip=cm-test-000001"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_one_way_only_and_its_buttons_are_large(open_page: Any, address: str, scheme: str) -> None:
    page = open_page(address, width=390, height=844, is_mobile=True, has_touch=True, color_scheme=scheme)
    if not address:
        page.tap("#filters-open")
    for box in ("document.documentElement", "document.querySelector('.columns')"):
        assert page.evaluate(f"{box}.scrollWidth <= {box}.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    buttons = page.locator("button.tool:visible, button.option:visible").all()
    sizes = [button.bounding_box() for button in buttons]
    assert len(sizes) > 5
    assert min(size["height"] for size in sizes) >= 44
    assert min(size["width"] for size in sizes) >= 44


def test_the_whole_disk_is_no_place_for_a_gallery_and_is_not_searched(tmp_path: Path) -> None:
    root = write_set(tmp_path / "set")
    with pytest.raises(SpecError, match=r"/ holds .*, which no gallery made"):
        gallery(root, Path("/"))
    (root / "gallery").symlink_to(tmp_path)
    with pytest.raises(SpecError, match="is a link to another place"):
        gallery(root)
