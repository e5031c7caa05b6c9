"""The console's files: complete, small, and sufficient for themselves."""

from __future__ import annotations

import gzip
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import pytest

from wyoming_openspeakers.fronts.http.console.files import FOLDER, PAGE, ConsoleFiles

MOST_BYTES = 200_000
MOST_BYTES_OF_A_PAGE = 80_000
MOST_LINES = 300

LOAD = re.compile(r"""\bimport\(["']([^"']+)["']\)""")
IMPORT = re.compile(r"""(?:^|[;}\s])(?:import|export)\b[^"';()]*?from\s*["']([^"']+)["']""")
ADDRESS = re.compile(r"""https?://[^\s"'`)<>\\]+""")

NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML", "http://www.w3.org/1999/xhtml"}


def imports_of(name: str) -> set[str]:
    found = set(IMPORT.findall((FOLDER / name).read_text(encoding="utf-8")))
    assert all(address.startswith(("./", "../")) for address in found), f"{name} imports {found}"
    return {urljoin(name, address) for address in found}


class Page(HTMLParser):
    """What a page refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [value for name in ("src", "href") if (value := given.get(name))]
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        self._open = tag

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style") and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


@pytest.fixture(scope="module")
def files() -> ConsoleFiles:
    return ConsoleFiles()


def sizes_of(files: ConsoleFiles, names: set[str]) -> dict[str, int]:
    return {name: (FOLDER / name).stat().st_size for name in names}


def pages() -> set[str]:
    """The modules that are fetched when somebody wants them."""
    return {urljoin("pages/", address) for address in LOAD.findall((FOLDER / "pages/index.js").read_text("utf-8"))}


def test_what_a_browser_begins_with_is_small(files: ConsoleFiles) -> None:
    sheets = {name for name in files.names if name.endswith((".css", ".svg"))}
    sizes = sizes_of(files, files.modules_of("app.js") | sheets | {"theme.js", PAGE})
    assert sum(sizes.values()) < MOST_BYTES, sorted(sizes.items(), key=lambda one: -one[1])[:10]


def test_each_page_adds_little(files: ConsoleFiles) -> None:
    begun = files.modules_of("app.js")
    assert len(pages()) == 4 and not pages() & begun
    for page in pages():
        sizes = sizes_of(files, files.modules_of(page) - begun)
        assert sum(sizes.values()) < MOST_BYTES_OF_A_PAGE, (page, sorted(sizes.items(), key=lambda one: -one[1])[:10])


def test_the_page_refers_to_files_that_are_there_and_to_nothing_else(files: ConsoleFiles) -> None:
    page = Page(files.page.content.decode())
    prefix = f"console/{files.version}/"
    own = [address for address in page.addresses if address != "docs"]
    assert own and not page.inline
    assert all(address.startswith(prefix) and files.find(address.removeprefix(prefix)) for address in own)


def test_every_module_is_used_and_what_the_page_begins_with_named_in_it(files: ConsoleFiles) -> None:
    reached = files.modules_of("app.js").union(*map(files.modules_of, pages()))
    for name in reached:
        assert all(files.find(address) for address in imports_of(name)), f"{name} imports what is missing"
    modules = {name for name in files.names if name.endswith(".js")} - {"theme.js"}
    assert reached == modules
    page = files.page.content.decode()
    link = f'<link rel="modulepreload" href="console/{files.version}/'
    preloaded = {name for name in modules if f'{link}{name}">' in page}
    assert preloaded == files.modules_of("app.js")


def test_every_style_sheet_is_used(files: ConsoleFiles) -> None:
    page = files.page.content.decode()
    sheets = [name for name in files.names if name.endswith(".css")]
    assert sheets and all(page.count(f'rel="stylesheet" href="console/{files.version}/{name}"') == 1 for name in sheets)


def test_nothing_comes_from_elsewhere(files: ConsoleFiles) -> None:
    for name in files.names:
        if not name.endswith(".txt"):
            found = set(ADDRESS.findall((FOLDER / name).read_text(encoding="utf-8")))
            assert found <= NAMESPACES, name


def test_what_would_break_the_policy_or_a_prefix_is_not_written(files: ConsoleFiles) -> None:
    for name in files.names:
        if name.endswith(".js") and not name.startswith("vendor/"):
            text = (FOLDER / name).read_text(encoding="utf-8")
            for word in ("innerHTML", "eval(", "new Function", 'href="/', 'src="/', ' style="'):
                assert word not in text, f"{word} in {name}"


def test_modules_are_of_a_size_to_read(files: ConsoleFiles) -> None:
    for name in files.names:
        if name.endswith(".js") and not name.startswith("vendor/"):
            lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
            assert lines[0].startswith("/**"), f"{name} does not say what it is"
            assert len(lines) <= MOST_LINES and max(map(len, lines)) <= 120, name


def test_the_library_has_its_licences(files: ConsoleFiles) -> None:
    assert "The MIT License" in (FOLDER / "vendor/preact.LICENSE.txt").read_text()
    assert "Apache License" in (FOLDER / "vendor/htm.LICENSE.txt").read_text()
    assert {"vendor/preact.LICENSE.txt", "vendor/htm.LICENSE.txt"} <= set(files.names)


def test_the_version_is_that_of_the_content(files: ConsoleFiles, tmp_path: Path) -> None:
    copy = tmp_path / "static"
    shutil.copytree(FOLDER, copy)
    assert ConsoleFiles(copy).version == files.version
    (copy / "app.js").write_text((copy / "app.js").read_text() + "\n")
    changed = ConsoleFiles(copy)
    assert changed.version != files.version
    assert changed.version.encode() in changed.page.content and files.version.encode() not in changed.page.content


def test_only_what_browsers_read_is_served(files: ConsoleFiles) -> None:
    assert (FOLDER / "README.md").is_file() and files.find("README.md") is None
    assert files.find(PAGE) is None, "the page has addresses that only the service can fill in"
    assert files.find("../__init__.py") is None
    app = files.find("app.js")
    assert app and app.type == "text/javascript" and gzip.decompress(app.packed) == app.content
