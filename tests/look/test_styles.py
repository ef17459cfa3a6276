"""What the style sheets, scripts and templates promise as files."""

import hashlib
import re
from pathlib import Path

import pytest

import stoqflow_web

PACKAGE = Path(stoqflow_web.__file__).parent
STATIC = PACKAGE / "static"
TEMPLATES = sorted((PACKAGE / "templates").rglob("*.html"))
STYLES = sorted((STATIC / "css").glob("*.css"))
HEAD = (PACKAGE / "templates/components/_head.html").read_text()

TONES = ["neutral", "info", "warn", "danger", "ok", "violet"]
READ_ON_EVERY_GROUND = ["ink", "ink-soft", "ink-faint", "accent-ink", "danger-ink"]
GROUNDS = ["page", "surface", "surface-sunk", "surface-chosen"]
WORDS_AND_GROUNDS = [
    *((f"{tone}-ink", f"{tone}-bg") for tone in TONES),
    *((words, ground) for words in READ_ON_EVERY_GROUND for ground in GROUNDS),
    *(("on-accent", ground) for ground in ("accent", "accent-strong", "danger-solid")),
    *((words, ground) for words in ("rail-ink", "rail-ink-faint") for ground in ("rail", "rail-chosen")),
]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_inline_script_or_style(template: Path):
    words = template.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|hx-on|javascript:", words)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", words))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_asks_another_host_for_anything(template: Path):
    assert not re.search(
        r"""(src|href|hx-get|hx-post)=["']?(https?:)?//[^"']*\.(js|css|woff2?|png|svg)""", template.read_text()
    )


def test_every_style_sheet_and_script_is_loaded_and_exists():
    named = set(re.findall(r"'([a-z-]+)'", HEAD))
    on_disk = {path.stem for path in [*STYLES, *(STATIC / "js").glob("*.js")]}
    assert on_disk <= named
    assert named - on_disk <= {"static"}


def test_the_tokens_are_loaded_first_because_they_order_the_layers():
    assert HEAD.index("'tokens'") < min(HEAD.index(f"'{path.stem}'") for path in STYLES if path.stem != "tokens")


@pytest.mark.parametrize("sheet", [path for path in STYLES if path.stem != "tokens"], ids=lambda path: path.name)
def test_components_use_only_tokens_that_exist(sheet: Path):
    declared = set(re.findall(r"(--[\w-]+)\s*:", "".join(path.read_text() for path in STYLES)))
    assert set(re.findall(r"var\((--[\w-]+)", sheet.read_text())) <= declared


@pytest.mark.parametrize("sheet", STYLES, ids=lambda path: path.name)
def test_braces_are_balanced_and_nothing_comes_from_elsewhere(sheet: Path):
    words = sheet.read_text()
    assert words.count("{") == words.count("}")
    assert "@import" not in words
    assert "url(" not in words


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize(("words", "ground"), WORDS_AND_GROUNDS)
def test_words_are_readable_on_their_ground(words: str, ground: str, mode: str):
    assert contrast(colour_of(words, mode), colour_of(ground, mode)) >= 4.5


def test_vendored_files_are_the_ones_that_were_checked_in():
    lines = [line.split() for line in (STATIC / "vendor/VENDOR").read_text().splitlines()[1:] if line]
    assert lines
    for digest, name in lines:
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == digest


def colour_of(token: str, mode: str) -> str:
    value = re.search(rf"--{token}: ([^;]+);", (STATIC / "css/tokens.css").read_text())
    assert value, token
    both = re.fullmatch(r"light-dark\((\S+), (\S+)\)", value[1])
    return both[1 if mode == "light" else 2] if both else value[1]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2 between two colours written #rgb or #rrggbb."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    shares = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
