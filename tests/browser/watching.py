"""What is true of every page in a browser: no error in the console, no breach of the policy, nobody else asked."""

import re
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

# Chromium itself prints such a line for every answer of this kind, whatever the page makes of it.
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")
TELL_BREACHES = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
});
"""


class Watcher:
    """Listens to all pages of a context. `expects(403)` allows an answer; a refused form (422) is always allowed."""

    def __init__(self, context: BrowserContext) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._expected = {422}
        context.add_init_script(TELL_BREACHES)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))
        context.on("request", self._note)

    def expects(self, *statuses: int) -> None:
        self._expected.update(statuses)

    def asked(self, path: str) -> int:
        """How many requests went to addresses whose path begins so."""
        return sum(urlsplit(url).path.startswith(path) for url in self.requests)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        refused = REFUSED.match(message.text)
        if not (refused and int(refused[1]) in self._expected):
            self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _note(self, request: Request) -> None:
        self.requests.append(request.url)
        if urlsplit(request.url).hostname not in ("127.0.0.1", None):
            self.complaints.append(f"asked elsewhere: {request.url}")


# A box that scrolls by itself, or something only screen readers meet, may be wider than the screen.
STICKING_OUT = """
() => {
  const scrolls = (node) => {
    for (let up = node; up && up !== document.body; up = up.parentElement) {
      const style = getComputedStyle(up);
      if (["auto", "scroll", "hidden", "clip"].includes(style.overflowX)) return true;
    }
    return false;
  };
  const wide = document.documentElement.clientWidth;
  const found = [...document.body.querySelectorAll("*")].filter((node) => {
    const box = node.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && box.right > wide + 1 && !scrolls(node.parentElement) && !scrolls(node);
  });
  // A card with a table may scroll rather than break the page, but nobody should have to.
  found.push(...[...document.querySelectorAll(".card")].filter((node) => node.scrollWidth > node.clientWidth + 1));
  const names = found.slice(0, 5).map((node) => node.tagName + "." + node.className);
  const page = document.documentElement.scrollWidth;
  return page > wide ? [`the page is ${page} wide on a screen of ${wide}`, ...names] : names;
}
"""

# The contrast that WCAG 2.2 asks for: 4.5 to 1, for large text 3 to 1. The canvas knows every way to write a colour.
PALE = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const over = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !node.checkVisibility({ opacityProperty: true })) continue;
    if (node.closest(".visually-hidden, option, script, [disabled]")) continue;
    const behind = ["Canvas"];
    for (let up = node; up; up = up.parentElement) behind.splice(1, 0, getComputedStyle(up).backgroundColor);
    const style = getComputedStyle(node);
    const ground = light(over(behind)), ink = light(over([...behind, style.color]));
    const contrast = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
    if (contrast < (isLarge ? 3 : 4.5)) {
      found.add(`${node.tagName.toLowerCase()}.${node.className} ${contrast.toFixed(2)}`);
    }
  }
  return [...found];
}
"""


def sticking_out(page: Page) -> list[str]:
    """What makes the page scroll sideways, or hangs over its edge."""
    return _list(page.evaluate(STICKING_OUT))


def pale_texts(page: Page) -> list[str]:
    """Texts with too little contrast to read in a warehouse."""
    return _list(page.evaluate(PALE))


def _list(found: Any) -> list[str]:
    return [str(one) for one in found]
