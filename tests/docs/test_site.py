"""The site builds without warnings, its links lead somewhere, and nothing comes from elsewhere."""

import html.parser
import logging
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

pytest.importorskip("mkdocs_jupyter")
pytest.importorskip("mkdocstrings_handlers.python")

ROOT = Path(__file__).parents[2]
WITH_CURVES = "benchmarks/curves.html"
"""Its script comes from plotly's network, so that the file stays small."""


class Page(html.parser.HTMLParser):
    """What a page links to, loads, and can be linked at."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.anchors = [], [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if found.get("id"):
            self.anchors.add(found["id"])
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        elif tag == "link" and found.get("rel") in ("stylesheet", "icon", "preload"):
            self.loaded.append(found["href"])
        elif found.get("src"):
            self.loaded.append(found["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    said = []

    class Collector(logging.Handler):
        def emit(self, record):
            said.append(record.getMessage())

    folder = tmp_path_factory.mktemp("site")
    collector = Collector(logging.WARNING)
    logging.getLogger("mkdocs").addHandler(collector)
    try:
        build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder)))
    finally:
        logging.getLogger("mkdocs").removeHandler(collector)
    assert said == []
    return folder


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path) for path in site.rglob("*.html")}


def within(target):
    return "://" not in target and not target.startswith(("mailto:", "data:", "javascript:"))


def test_every_page_of_the_folder_is_built(site, pages):
    sources = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.ipynb")]
    built = {path.relative_to(site).with_suffix("").as_posix() for path in pages}
    wanted = {path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in sources}
    assert wanted - built == {"pypi"}
    assert len(wanted) > 20


def test_every_link_leads_to_a_page_and_a_place_on_it(pages):
    broken, followed = [], 0
    for path, page in pages.items():
        if path.name == "404.html":  # its links begin at the root of a server
            continue
        for link in filter(within, page.links):
            target, place = urldefrag(link)
            file = (path.parent / unquote(target)).resolve() if target else path
            file = file / "index.html" if file.is_dir() else file
            followed += 1
            if not file.exists():
                broken.append((path.name, link))
            elif place and file in pages and place not in {"__skip", *pages[file].anchors}:
                broken.append((path.name, link))
    assert broken == []
    assert followed > 500


def test_every_table_is_one(site, pages):
    """Markdown inside of a folded part is not left as it is."""
    assert len(pages) > 20
    assert [path.name for path in pages if "| ---" in path.read_text(encoding="utf-8")] == []


def test_every_picture_style_and_script_is_in_the_site(site, pages):
    missing, loaded = [], 0
    for path, page in pages.items():
        if path == site / WITH_CURVES or path.name == "404.html":
            continue
        for target in page.loaded:
            if target.startswith("data:"):
                continue
            loaded += 1
            if not within(target) or not (path.parent / unquote(urldefrag(target)[0])).exists():
                missing.append((path.name, target))
    assert missing == []
    assert loaded > 100


def test_the_reference_has_every_public_name(pages):
    import l2l_sampler

    (page,) = [page for path, page in pages.items() if path.name == "api.html"]
    there = {anchor.rsplit(".", 1)[-1] for anchor in page.anchors}
    assert set(l2l_sampler.__all__) - {"__version__"} <= there
