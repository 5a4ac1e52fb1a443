#!/usr/bin/env python3
"""Opens reports in a real browser and uses them: nothing is fetched, no error is logged, and
filters, sorting, themes and the keyboard work.

Usage: browser.py REPORT.html [COMPARE.html] [-o DIR]   (screenshots go to DIR, default out/browser)
Needs Debian's chromium and chromium-driver (`make test-browser` installs them as root) and nothing
else: it speaks WebDriver over HTTP.
Exit codes: 0 passed, 1 failed, 2 no browser.
"""
import argparse
import base64
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars"]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
TAB, ENTER, SPACE = "\ue004", "\ue007", " "


class Browser:
    """A WebDriver session with a profile of its own."""

    def __init__(self):
        self.driver = None
        self.profile = tempfile.mkdtemp(prefix="offload-browser-")
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.base = f"http://127.0.0.1:{port}"
        # A proxy set in the environment must not be used for the driver.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for _ in range(100):
            try:
                self.call("GET", "/status")
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        options = {"args": FLAGS + [f"--user-data-dir={self.profile}"], "binary": shutil.which("chromium")}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.base += f"/session/{session['sessionId']}"

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with self.opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{path}: {error.read().decode()[:400]}") from None

    def open(self, path):
        self.call("POST", "/url", {"url": pathlib.Path(path).resolve().as_uri()})

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def command(self, name, parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def scheme(self, name):
        self.command("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": name}]})

    def size(self, width, height):
        phone = width < 600
        self.command("Emulation.setDeviceMetricsOverride",
                     {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone})

    def press(self, key):
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def click(self, selector):
        found = self.call("POST", "/element", {"using": "css selector", "value": selector})
        self.run("arguments[0].scrollIntoView({block: 'center'})", found)
        self.call("POST", f"/element/{found[ELEMENT]}/click", {})

    def log(self, kind):
        return self.call("POST", "/se/log", {"type": kind})

    def picture(self, path):
        path.write_bytes(base64.b64decode(self.call("GET", "/screenshot")))

    def close(self):
        if self.driver is not None:
            try:
                self.call("DELETE", "")
            except Exception:  # the session may never have begun
                pass
            self.driver.terminate()
            self.driver.wait(10)
        shutil.rmtree(self.profile, ignore_errors=True)


class Checks:
    def __init__(self):
        self.failed = 0

    def that(self, holds, what, detail=""):
        print(("ok    " if holds else "FAIL  ") + what + (f": {detail}" if detail != "" and not holds else ""))
        self.failed += not holds


VISIBLE = "return [...document.querySelectorAll('tr[data-solver]')].filter(r => !r.hidden).map(r => ({...r.dataset}))"
SET = """const e = document.querySelector(`select[name=${arguments[0]}]`); e.value = arguments[1];
         e.dispatchEvent(new Event('change', {bubbles: true}))"""


def filters(browser, checks):
    everything = browser.run(VISIBLE)
    for name in ["family", "interference", "users", "threshold"]:
        options = browser.run("return [...document.querySelector(`select[name=${arguments[0]}]`).options].map(o => o.value)", name)
        value = options[-1]
        browser.run(SET, name, value)
        shown = browser.run(VISIBLE)
        fits = shown and all(row.get(name, value) == value for row in shown)
        expected = sum(row.get(name, value) == value for row in everything)
        checks.that(bool(fits) and len(shown) == expected, f"filter {name} = {value} shows its rows and no others", (len(shown), expected))
        words = browser.run("return document.getElementById('shown').textContent")
        checks.that(words == f"{len(shown)} of {len(everything)} rows shown", f"the count says so after filter {name}", words)
        browser.run(SET, name, "")
    browser.click("button[data-all='0']")
    checks.that(browser.run(VISIBLE) == [], "no solver chosen: no row")
    first = browser.run("return document.querySelector('input[name=solver]').value")
    browser.click("input[name=solver]")
    shown = browser.run(VISIBLE)
    checks.that(bool(shown) and all(row["solver"] == first for row in shown), f"only {first} chosen: only its rows")
    hidden = browser.run("return [...document.querySelectorAll('g[data-series]')].every(g => (g.dataset.series === arguments[0]) === (g.style.display !== 'none'))", first)
    checks.that(hidden, "figures show the chosen series alone")
    browser.click("button[type=reset]")
    time.sleep(0.3)
    checks.that(len(browser.run(VISIBLE)) == len(everything), "reset shows everything")


COLUMN = """const t = document.querySelectorAll('table')[arguments[0]], p = arguments[1];
            return [...t.tBodies[0].rows].map(r => r.cells[p].dataset.v ?? r.cells[p].textContent)"""
PRESS = "document.querySelectorAll('table')[arguments[0]].querySelectorAll('thead th button')[arguments[1]].click()"


def sorting(browser, checks):
    heads = browser.run("return [...document.querySelectorAll('table')].map(t => [...t.querySelectorAll('thead th button')].map(b => b.textContent))")
    for table, names in enumerate(heads):
        wrong = []
        for place, name in enumerate(names):
            for up in [True, False]:
                browser.run(PRESS, table, place)
                values = browser.run(COLUMN, table, place)
                full = [v for v in values if v != ""]
                gaps_last = values[:len(full)] == full
                try:
                    numbers = [float(v) for v in full]
                    ordered = numbers == sorted(numbers, reverse=not up)
                except ValueError:
                    ordered = True  # words: the browser's own collation
                said = browser.run("return document.querySelectorAll('table')[arguments[0]].querySelectorAll('thead th')[arguments[1]].getAttribute('aria-sort')", table, place)
                if not (gaps_last and ordered and said == ("ascending" if up else "descending")):
                    wrong.append((name, up))
        if names:
            checks.that(not wrong, f"table {table + 1}: all {len(names)} columns sort both ways, empty cells last", wrong)


def keyboard(browser, checks, filtered):
    browser.run("window.scrollTo(0, 0); document.activeElement.blur()")
    order = []
    for _ in range(400):
        browser.press(TAB)
        kind = browser.run("""const e = document.activeElement;
            return e === document.body ? '' : e.id === 'theme' ? 'theme' : e.matches('a.skip') ? 'skip' : e.matches('nav a') ? 'nav' :
                   e.matches('#filters select') ? 'select' : e.matches('#filters input') ? 'solver' : e.matches('#filters button') ? 'button' :
                   e.matches('.wide') ? 'table' : e.matches('thead button') ? 'column' : 'other'""")
        if kind == "":
            break
        if kind not in order:
            order.append(kind)
        if "column" in order:
            break
    expected = ["skip", "theme", "nav", "select", "solver", "button", "table", "column"] if filtered else ["skip", "theme", "table", "column"]
    checks.that(order == expected, "the tab key reaches everything, in reading order", order)
    outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle")
    checks.that(outline != "none", "what has the focus is outlined", outline)
    browser.press(ENTER)
    said = browser.run("return document.activeElement.closest('th').getAttribute('aria-sort')")
    checks.that(said in ("ascending", "descending"), "Enter on a column's head sorts it", said)


CONTRAST = """
const channel = (x) => { x /= 255; return x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4; };
const light = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number); return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
const back = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$/.test(c) && c !== 'transparent') return c; } return 'rgb(255, 255, 255)'; };
return Math.min(...[...document.querySelectorAll('p, td, th, caption, figcaption, a, label, h1, h2, h3, li, button, output')].filter(e => e.offsetParent).map(e => {
  const [a, b] = [light(getComputedStyle(e).color), light(back(e))].sort((x, y) => y - x); return (a + 0.05) / (b + 0.05); }));
"""


def looks(browser, checks, name, folder, filtered):
    for scheme in ["light", "dark"]:
        browser.scheme(scheme)
        time.sleep(0.2)
        words = browser.run("return document.getElementById('theme').textContent")
        checks.that(words == {"light": "Dark", "dark": "Light"}[scheme], f"{scheme}: the button offers the other", words)
        worst = browser.run(CONTRAST)
        checks.that(worst >= 4.5, f"{scheme}: every text has a contrast of 4.5 or more", worst)
        for device, width, height in [("desktop", 1280, 900), ("phone", 390, 844)]:
            browser.size(width, height)
            browser.run("window.scrollTo(0, 0)")
            wide = browser.run("return document.documentElement.scrollWidth")
            checks.that(wide <= width, f"{scheme}, {device}: the page does not scroll sideways", wide)
            for part, place in [("top", None), ("results", "#results" if filtered else "h2"), ("figures", "figure")]:
                if place is not None:
                    found = browser.run("const e = document.querySelector(arguments[0]); if (e) e.scrollIntoView(); return !!e", place)
                    if not found:
                        continue
                browser.picture(folder / f"{name}-{scheme}-{device}-{part}.png")
    browser.size(1280, 900)
    browser.scheme("light")
    browser.click("#theme")
    checks.that(browser.run("return document.documentElement.dataset.theme") == "dark", "the button switches to dark")
    browser.click("#theme")
    checks.that(browser.run("return document.documentElement.dataset.theme") == "light", "and back to light")


def page(browser, checks, path, folder):
    print(f"{path}:")
    browser.size(1280, 900)
    # Requests are counted only after the browser's own start page has closed.
    browser.call("POST", "/url", {"url": "about:blank"})
    time.sleep(0.5)
    for kind in ["browser", "performance"]:
        browser.log(kind)
    browser.open(path)
    filtered = browser.run("return !!document.getElementById('filters')")
    if filtered:
        filters(browser, checks)
    sorting(browser, checks)
    browser.open(path)
    keyboard(browser, checks, filtered)
    looks(browser, checks, pathlib.Path(path).stem, folder, filtered)
    errors = [entry["message"] for entry in browser.log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    checks.that(not errors, "nothing on the console", errors)
    asked = [json.loads(entry["message"])["message"] for entry in browser.log("performance")]
    urls = {m["params"]["request"]["url"] for m in asked if m["method"] == "Network.requestWillBeSent"}
    foreign = sorted(url[:100] for url in urls if not url.startswith(("file:", "data:", "chrome://")))
    files = [url for url in urls if url.startswith("file:")]
    checks.that(not foreign and len(files) == 1, "nothing is fetched beside the page itself", foreign or files)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pages", nargs="+")
    parser.add_argument("-o", "--output", default="out/browser")
    arguments = parser.parse_args()
    for program in ["chromium", "chromedriver"]:
        if shutil.which(program) is None:
            print(f"{program} is missing (Debian: apt-get install chromium chromium-driver)", file=sys.stderr)
            return 2
    folder = pathlib.Path(arguments.output)
    os.makedirs(folder, exist_ok=True)
    checks = Checks()
    browser = Browser()
    try:
        for path in arguments.pages:
            page(browser, checks, path, folder)
    finally:
        browser.close()
    print(f"{checks.failed} failed; screenshots in {folder}")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
