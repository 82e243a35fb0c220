#!/usr/bin/env python3
"""Checks that the demo company agrees with itself: Examples/demo-company.

Counts (articles, categories, products, questions), every keyword of a question in every document that the question
names, prices the same in all current tables, the site page against the shipped table of divisions. Standard library
only. Prints every breach and exits with 1.
"""
import csv
import email
import email.policy
import hashlib
import html.parser
import io
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "Examples" / "demo-company"
DOCUMENTS = DEMO / "documents"
DIVISIONS = ROOT / "Sources" / "Site" / "Resources" / "divisions.tsv"

CATEGORIES = {
    "news/company": "公司新闻",
    "news/industry": "行业动态",
    "knowledge": "租赁知识",
    "cases": "客户案例",
    "notices": "公告通知",
}
# What the site page files under a wrong province on purpose.
MISFILED = {"宿迁": ("安徽", "江苏"), "九江": ("湖北", "江西")}

breaches = []


def breach(place, message):
    breaches.append(f"{place}: {message}")


class VisibleText(html.parser.HTMLParser):
    """Text of a page without scripts and styles."""

    def __init__(self):
        super().__init__()
        self.parts = []
        self.hidden = 0

    def handle_starttag(self, tag, attributes):
        self.hidden += tag in ("script", "style")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("script", "style")

    def handle_data(self, data):
        if not self.hidden:
            self.parts.append(data)


def visible(markup):
    parser = VisibleText()
    parser.feed(markup)
    return "".join(parser.parts)


def decoded(raw):
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("neither UTF-8 nor GB18030")


def text_of(path):
    raw = path.read_bytes()
    if path.suffix == ".eml":
        message = email.message_from_bytes(raw, policy=email.policy.default)
        return f"{message['Subject']}\n{message.get_body(('plain',)).get_content()}"
    text = decoded(raw)
    if path.suffix == ".html":
        return visible(text)
    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in text.splitlines()]
        return "\n".join(f"{row['question']}\n{row['answer']}" for row in rows)
    return text


def check_articles(texts):
    count = 0
    for folder, category in CATEGORIES.items():
        for path in sorted((DOCUMENTS / folder).iterdir()):
            count += 1
            name = path.relative_to(DOCUMENTS).as_posix()
            source = decoded(path.read_bytes())
            if path.suffix != ".txt" and category not in source:
                breach(name, f"does not say its category {category}")
            body = re.sub(r"\A---\n.*?\n---\n", "", texts[name], flags=re.S)
            length = len(re.sub(r"\s", "", body))
            if not 300 <= length <= 900:
                breach(name, f"has {length} characters, expected 300 to 900")
            date = path.name[:10]
            spoken = "{} 年 {} 月 {} 日".format(*(str(int(part)) for part in date.split("-")))
            if date not in source and spoken not in source:
                breach(name, f"does not hold the date {date} of its name")
    if count < 40:
        breach("documents", f"{count} articles, expected at least 40")
    return count


def check_prices(texts):
    products = list(csv.DictReader(io.StringIO(texts["products/products.csv"])))
    if len(products) != 20 or len({row["型号"] for row in products}) != 20:
        breach("products/products.csv", f"{len(products)} rows, expected 20 different products")
    prices = {row["型号"]: row for row in csv.DictReader(io.StringIO(texts["prices/price-list-2026.csv"]))}
    for row in products:
        code = row["型号"]
        values = (row["日租金（元）"], row["押金（元）"], row["遗失赔偿价（元）"])
        listed = prices.get(code, {})
        if values != tuple(listed.get(key) for key in ("日租金（元）", "押金（元）", "遗失赔偿价（元）")):
            breach("prices/price-list-2026.csv", f"{code} differs from products.csv")
        line = "| {} | {} | {} | {} | {} |".format(code, row["名称"], *values)
        if line not in texts["prices/price-list-2026.md"]:
            breach("prices/price-list-2026.md", f"{code} differs from products.csv")
        for name in (f"products/{code}.md", f"products/{code}.html"):
            for value, unit in zip(values, ("日租金", "押金", "遗失赔偿价")):
                if name in texts and not re.search(rf"(?<![\d.]){re.escape(value)} 元/", texts[name]):
                    breach(name, f"lacks {unit} {value}")


def check_questions(name, texts, counts, earlier):
    rows = [json.loads(line) for line in (DEMO / name).read_text("utf-8").splitlines()]
    answerable = [row for row in rows if row["answerable"]]
    if (len(answerable), len(rows) - len(answerable)) != counts:
        breach(name, f"{len(answerable)} answerable of {len(rows)}, expected {counts[0]} and {counts[1]}")
    for row in rows:
        place = f"{name} {row['id']}"
        for key in (row["id"], row["question"]):
            if key in earlier:
                breach(place, f"occurs twice: {key}")
            earlier.add(key)
        if row["answerable"] != bool(row["documents"] and row["keywords"] and row["answer"]):
            breach(place, "answer, keywords and documents must stand there exactly when it is answerable")
        if not all(any(word in row["answer"] for word in group) for group in row["keywords"]):
            breach(place, "its own answer lacks a keyword")
        for document in row["documents"]:
            if document not in texts:
                breach(place, f"names {document}, which is not there")
                continue
            for group in row["keywords"]:
                if not any(word in texts[document] for word in group):
                    breach(place, f"none of {group} in {document}")
    return rows


def known_cities():
    """Short name of a city -> short name of its province, from the table that the product ships."""
    provinces, cities = {}, {}
    for line in DIVISIONS.read_text("utf-8").splitlines():
        fields = line.split("\t")
        if fields[0] == "P":
            provinces[fields[1]] = fields[3]
            cities[fields[3]] = fields[3]
        elif not line.startswith("#") and len(fields) > 3:
            cities.setdefault(fields[3], provinces.get(fields[1][:2]))
    return cities


def check_site_page():
    lines = (DEMO / "site-page.txt").read_text("utf-8").split("\n")
    company = json.loads((DEMO / "company.json").read_text("utf-8"))
    end = lines.index(company["hotline"])
    if lines[end + 2] != company["siteName"]:
        breach("site-page.txt", f"line {end + 3} is not the name of the site in company.json")
    stations = [
        (head.split()[-1], city)
        for head, row in zip(lines[1:end:2], lines[2:end:2])
        for city in row.split()
    ]
    if len(stations) < 120 or len({province for province, _ in stations}) != 31:
        breach("site-page.txt", f"{len(stations)} stations, expected at least 120 in all 31 provinces")
    if len({city for _, city in stations}) != len(stations):
        breach("site-page.txt", "a station stands twice")
    if str(len(stations)) + " 个城市" not in text_of(DOCUMENTS / "service/delivery-areas.md"):
        breach("service/delivery-areas.md", f"does not say {len(stations)} cities as the site page has")
    right = known_cities() if DIVISIONS.exists() else None
    for province, city in stations if right else []:
        expected = MISFILED.get(city, (province, province))
        if expected[0] != province or right.get(city) != expected[1]:
            breach("site-page.txt", f"{city} under {province}, the table says {right.get(city)}")
    for category in CATEGORIES.values():
        if category not in lines:
            breach("site-page.txt", f"lacks the category {category}")
    return len(stations)


def main():
    files = sorted(path for path in DOCUMENTS.rglob("*") if path.is_file())
    texts = {path.relative_to(DOCUMENTS).as_posix(): text_of(path) for path in files}
    articles = check_articles(texts)
    check_prices(texts)
    earlier = set()
    rows = check_questions("questions.jsonl", texts, (120, 30), earlier)
    rows += check_questions("calibration.jsonl", texts, (45, 15), earlier)
    stations = check_site_page()
    hashes = [hashlib.sha256(path.read_bytes()).digest() for path in files]
    if len(hashes) - len(set(hashes)) != 1:
        breach("documents", f"{len(hashes) - len(set(hashes))} exact duplicates, expected 1")
    if not any(path.suffix == ".txt" and b"\xd7\xd4" == path.read_bytes()[:2] for path in files):
        breach("documents", "no text in GB18030")
    used = {document for row in rows for document in row["documents"]}
    for line in breaches:
        print(line)
    print(f"{len(files)} documents ({len(used)} asked about), {articles} articles, {len(rows)} questions, "
          f"{stations} stations, {len(breaches)} breaches")
    if "--unused" in sys.argv:
        print("\n".join(sorted(set(texts) - used)))
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
