"""The company's pages in a real browser, with and without script, light and dark, wide and narrow."""

import os
import pathlib

from serving import Server
from webdriver import Browser

WIDE, PHONE = (1280, 900), (360, 760)
# Where pictures of the pages are wanted, for people to look at.
PICTURES = os.environ.get("PALLET_SCREENSHOTS")

# Every visible text against what lies behind it: WCAG 2.2, 1.4.3. Colours are opaque throughout.
CONTRAST = """
const channel = v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const numbers = c => (c.match(/[\\d.]+/g) || []).map(Number);
const behind = e => { for (; e; e = e.parentElement) {
  const c = numbers(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
const bad = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let texts = 0;
while (walker.nextNode()) {
  const e = walker.currentNode.parentElement;
  if (!walker.currentNode.textContent.trim() || !e.getClientRects().length) continue;
  texts += 1;
  const [a, b] = [light(numbers(getComputedStyle(e).color)), light(behind(e))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) bad.push(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2));
}
return {texts, bad};
"""

# Links and controls at least 24 px high and wide, unless they stand inside a line of text: WCAG 2.2, 2.5.8.
TARGETS = """
return [...document.querySelectorAll('a, button, input:not([type=hidden]), textarea, summary')].filter(e => {
  const r = e.getBoundingClientRect();
  if (!r.width || e.classList.contains('skip')) return false;
  return r.height < 24 || r.width < 24;
}).map(e => e.outerHTML.slice(0, 90) + ' ' + JSON.stringify(e.getBoundingClientRect().toJSON()));
"""


def picture(browser, name):
    if PICTURES:
        pathlib.Path(PICTURES).mkdir(parents=True, exist_ok=True)
        browser.screenshot(f"{PICTURES}/{name}.png")


def check(browser, name):
    """What holds for every page."""
    picture(browser, name)
    contrast = browser.evaluate(CONTRAST)
    assert contrast["texts"] > 5 and not contrast["bad"], contrast
    small = browser.evaluate(TARGETS)
    assert not small, small
    width = browser.evaluate("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1], f"the page is {width[0]} px wide in a window of {width[1]}"
    foreign = browser.evaluate(
        "return performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith(location.origin))")
    assert not foreign, foreign
    assert browser.evaluate("return document.documentElement.lang") in ("zh-CN", "en")
    headings = browser.evaluate(
        "return [...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
    assert headings.count(1) <= 1, headings
    assert browser.messages() == []


def ask(browser, question):
    browser.type("#q", question)
    browser.click("form[data-ask] button")


def asks_with_script(server, driver):
    with Browser(driver) as browser:
        browser.open(server.address + "/")
        ask(browser, "周日收货吗？")
        browser.wait(lambda: browser.find(".answer .sources summary"), "sources")
        browser.wait(lambda: "回答完毕" in browser.text("#ask-status"), "the end of the answer")
        assert browser.evaluate("return location.pathname") == "/"
        assert "不收货" in browser.text(".said")
        assert "人工智能" in browser.text(".answer .label")
        assert not browser.evaluate("return document.querySelector('.sources details').open")
        browser.click("a.mark")
        assert browser.evaluate("return document.querySelector('.sources details').open")
        assert "周日" in browser.text(".sources mark")
        assert "opening-hours.md" in browser.text(".sources .place")
        check(browser, "answer-wide-light")
        # A second question stands below the first; both stay.
        ask(browser, "押金几个工作日退回？")
        browser.wait(lambda: len(browser.find(".answer")) == 2, "a second answer")
        browser.wait(lambda: "回答完毕" in browser.text("#ask-status"), "its end")
        identifiers = browser.evaluate("return [...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(identifiers) == len(set(identifiers)), "an id stands twice"


def asks_without_script(server, driver):
    with Browser(driver, script=False) as browser:
        browser.open(server.address + "/")
        ask(browser, "周日收货吗？")
        browser.wait(lambda: browser.find(".answer"), "the page with the answer")
        assert browser.call("GET", "/url") == server.address + "/ask", "the question stands in the address"
        assert "不收货" in browser.text(".said")
        assert "人工智能" in browser.text(".answer .label")
        quote = browser.first(".sources blockquote")
        assert not browser.call("GET", f"/element/{quote}/displayed")
        browser.click(".sources summary")
        assert browser.call("GET", f"/element/{quote}/displayed")
        assert "周日" in browser.text(".sources mark")


TABLE = """
return [...document.querySelectorAll('.sources blockquote table')].map(t => [...t.rows].map(
  r => [...r.cells].map(c => c.tagName + ' ' + c.textContent)))
"""


def tables_of_sources_are_tables(server, driver):
    expected = [
        ["TH 规格", "TH 型号", "TH 日租"], ["TD 1200×1000", "TD 川字托盘", "TD 0.35 元"],
        ["TD 1100×1100", "TD 田字托盘", "TD 0.30 元"], ["TD 1140×1140", "TD <b>网格</b>托盘", "TD 0.28 元"]]
    for script in (True, False):
        with Browser(driver, script=script, size=(1280, 900) if script else (360, 800)) as browser:
            browser.open(server.address + "/")
            ask(browser, "1200×1000 川字托盘的日租多少钱？")
            browser.wait(lambda: browser.find(".answer .sources summary"), "sources")
            if script:
                browser.wait(lambda: "回答完毕" in browser.text("#ask-status"), "the end of the answer")
            browser.click(".sources summary")
            tables = browser.evaluate(TABLE)
            assert expected in tables, tables
            assert "0.35" in browser.text(".sources mark") or "1200" in browser.text(".sources mark")
            check(browser, "table-wide" if script else "table-narrow")


def says_that_nothing_was_found(server, driver):
    with Browser(driver, dark=True) as browser:
        browser.open(server.address + "/")
        ask(browser, "火星上的量子计算机多少钱？")
        browser.wait(lambda: "回答完毕" in browser.text("#ask-status"), "the answer")
        assert "资料中未找到" in browser.text(".said") and "400-404-0258" in browser.text(".said")
        assert not browser.find(".answer .sources:not([hidden])")
        check(browser, "refusal-wide-dark")


def documents_cannot_put_markup_into_the_page(server, driver):
    with Browser(driver) as browser:
        browser.open(server.address + "/")
        ask(browser, "标签示例写作什么？")
        browser.wait(lambda: "回答完毕" in browser.text("#ask-status"), "the answer")
        assert not browser.find(".answer img") and "onerror" in browser.evaluate(
            "return document.querySelector('#answers').textContent")
        assert browser.messages() == []


def home_holds_in_both_schemes_and_sizes(server, driver):
    for size, width in ((WIDE, "wide"), (PHONE, "phone")):
        for dark in (False, True):
            with Browser(driver, dark=dark, size=size) as browser:
                browser.open(server.address + "/")
                assert "空托盘的归途" in browser.text("#article")
                background = browser.evaluate("return getComputedStyle(document.body).backgroundColor")
                levels = [int(n) for n in background[4:-1].split(",")]
                assert (max(levels) < 80) if dark else (min(levels) > 200), background
                check(browser, f"home-{width}-{'dark' if dark else 'light'}")


def stations_open_by_letter(server, driver):
    with Browser(driver, script=False) as browser:
        browser.open(server.address + "/")
        browser.click(".letters a[href='#Z']")
        assert browser.call("GET", "/url").endswith("#Z")
        place = browser.call("GET", f"/element/{browser.first('#Z')}/rect")
        assert place["height"] > 20
        browser.type("#city", "hf")
        browser.click(".find button")
        browser.wait(lambda: browser.find(".card"), "the city")
        assert browser.text(".card h2") == "合肥"


def keyboard_reaches_everything(server, driver):
    with Browser(driver) as browser:
        browser.open(server.address + "/")
        browser.evaluate("document.body.focus()")
        browser.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": [
            {"type": "keyDown", "value": "\ue004"}, {"type": "keyUp", "value": "\ue004"}]}]})
        assert browser.evaluate("return document.activeElement.className") == "skip"
        outline = browser.evaluate("return getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
        browser.type("#q", "周日收货吗？\ue007")  # Enter asks.
        browser.wait(lambda: browser.find(".answer .said span"), "an answer")


def speaks_english(server, driver):
    with Browser(driver, language="en-US") as browser:
        browser.open(server.address + "/")
        assert browser.evaluate("return document.documentElement.lang") == "en"
        ask(browser, "周日收货吗？")
        browser.wait(lambda: "complete" in browser.text("#ask-status"), "the answer")
        assert "Generated by AI" in browser.text(".answer .label")
        check(browser, "answer-wide-english")


def other_pages_hold(server, driver):
    for path, name in (("/news", "news"), ("/articles/1", "article"), ("/city?q=hf", "city"), ("/none", "missing")):
        with Browser(driver, size=PHONE) as browser:
            browser.open(server.address + path)
            if path == "/none":
                # The status of the page itself is among what the browser reports.
                browser.messages()
            check(browser, name + "-phone")


def empty_home_holds(_, driver):
    with Server(company=False, documents=False) as server, Browser(driver) as browser:
        browser.open(server.address + "/")
        assert "助手尚未开通" in browser.text("#ask")
        check(browser, "empty-wide-light")


TESTS = [
    asks_with_script, asks_without_script, tables_of_sources_are_tables, says_that_nothing_was_found, documents_cannot_put_markup_into_the_page,
    home_holds_in_both_schemes_and_sizes, stations_open_by_letter, keyboard_reaches_everything, speaks_english,
    other_pages_hold, empty_home_holds,
]
