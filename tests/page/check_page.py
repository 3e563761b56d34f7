#!/usr/bin/env python3
"""The page of `rateguard simulate --html` in a real browser: check_page.py PROGRAM [CHROMIUM]

Opens it from disk without a network and looks at what is drawn. Exit code 77, by which ctest skips a test: there is no
browser here (Debian: chromium).
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from browser import Browser, Page

PROGRAM = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
CHROMIUM = sys.argv[2] if len(sys.argv) > 2 else shutil.which("chromium")
MARKUP = "<img src=x onerror=document.title='owned'></script><script>document.title='owned'</script>"

TODAY = """rules:
  - {name: per-ip, per: ip, limit: 20/m}
  - name: writes
    match: {methods: [POST], path: /api/*, ip: 203.0.113.0/24}
    when: {days: mon-fri, hours: "00:00-24:00"}
    per: ip
    cost: {by_path: {/api/export: 5}}
    limit: 10/m
    mode: shadow
  - {name: keys, per: api_key, limit: 5/m, missing: skip}
"""
TOMORROW = """rules:
  - {name: per-ip, per: ip, limit: 5/m}
  - {name: vhosts, match: {host: shop.example.com}, per: ip, limit: 5/m}
"""


def log_lines():
    """Two hundred requests of ten callers over some minutes, one path of which is markup."""
    for i in range(200):
        path = "/a/" + MARKUP.replace(" ", "+") if i % 50 == 0 else "/api/export" if i % 7 == 0 else f"/p/{i % 5}"
        method = "POST" if path.startswith("/api") else "GET"
        caller = 1 if i % 2 else i % 10
        yield (f'203.0.113.{caller} - {"<b>ann</b>" if caller == 3 else "-"} [17/May/2024:10:{i // 50:02}:{i % 50:02} +0000] '
               f'"{method} {path} HTTP/1.1" 200 5 "-" "c"\n')


def luminance(colour):
    """Of "rgb(1, 2, 3)": WCAG 2.2, relative luminance."""
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1:-1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


class ReportPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="rateguard_page_"))
        for name, text in (("today.yaml", TODAY), ("tomorrow.yaml", TOMORROW), ("access.log", "".join(log_lines()))):
            with open(os.path.join(cls.folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        cls.single, cls.single_json = cls.simulate("single")
        cls.compared, cls.compared_json = cls.simulate("compared", "--compare", "tomorrow.yaml")
        cls.browser = cls.enterClassContext(Browser(CHROMIUM))

    @classmethod
    def simulate(cls, name, *options):
        page, figures = (os.path.join(cls.folder, name + end) for end in (".html", ".json"))
        subprocess.run([PROGRAM, "simulate", "--quiet", "--rules", "today.yaml", *options, "--html", page, "--json", figures,
                        "access.log"], cwd=cls.folder, check=True)
        with open(figures, encoding="utf-8") as file:
            return page, json.load(file)

    def open(self, path, **how):
        page = Page(self.browser, path, **how)
        self.addCleanup(self.assert_quiet, page)
        return page

    def assert_quiet(self, page):
        urls, complaints = page.happened()
        self.assertEqual(complaints, [])
        self.assertEqual([url for url in urls if url != page.url and not url.startswith("data:")], [], "no network")

    def texts(self, page, selector):
        return page.evaluate(f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.textContent)")

    def count(self, page, selector):
        return page.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length")

    def drawn(self, page, chart):
        """How many shapes of a chart have a length."""
        return page.evaluate(f"[...document.querySelectorAll('#{chart} svg path')].filter(p => p.getTotalLength() > 10).length")

    def test_draws_charts_tables_and_remarks(self):
        page = self.open(self.single)
        total = self.single_json["total"]
        self.assertGreater(total["refused"], 0)
        self.assertTrue(self.texts(page, "#headline")[0].startswith(f"{total['refused']} of 200 requests refused"))
        self.assertGreaterEqual(self.drawn(page, "traffic"), 2, "admitted and refused")
        self.assertGreater(self.drawn(page, "quota"), 0)
        self.assertGreater(self.count(page, "#refused *"), 3)
        self.assertEqual(self.count(page, "#rules tbody tr"), 3)
        self.assertEqual(self.texts(page, "#logs tbody td")[:3], ["access.log", "combined", "200"])
        self.assertEqual(self.texts(page, "#remarks p"), self.single_json["remarks"])
        self.assertGreaterEqual(self.count(page, "#tiles .tile"), 5)
        sizes = page.evaluate("['traffic', 'quota'].map(id => document.querySelector(`#${id} svg`).getBoundingClientRect().height)")
        self.assertTrue(all(height > 50 for height in sizes), sizes)

    def test_shows_what_a_rule_is_about_and_what_it_costs(self):
        page = self.open(self.single)
        row = self.texts(page, "#rules tbody tr")[1]
        for term in ("POST /api/*", "from 203.0.113.0/24", "mon-fri", "cost 5 for /api/export, 1 otherwise", "shadow"):
            self.assertIn(term, row)
        rule = self.single_json["rules"][1]
        self.assertEqual(rule["match"], {"methods": ["POST"], "paths": ["/api/*"], "conditions": ["from 203.0.113.0/24"]})
        self.assertEqual(rule["cost"], ["5 for /api/export", "1 otherwise"])
        self.assertEqual((len(rule["when"]), rule["group"], rule["by_subject"]), (1, None, 0))
        self.assertEqual(self.single_json["rules"][0]["match"], {})

    def test_every_choice_of_a_rule_and_a_subject_draws(self):
        page = self.open(self.single)
        for choice in ("-1", "0", "1", "2"):
            page.evaluate(f"{{ const s = document.getElementById('rule'); s.value = '{choice}'; s.onchange({{target: s}}); }}")
            self.assertGreaterEqual(self.drawn(page, "traffic"), 0 if choice == "2" else 1, choice)
        page.evaluate("document.querySelector('#rules tbody button').click()")
        self.assertEqual(page.evaluate("document.getElementById('rule').value"), "0")
        options = self.count(page, "#subject option")
        self.assertGreater(options, 1)
        for i in range(options):
            page.evaluate(f"{{ const s = document.getElementById('subject'); s.selectedIndex = {i}; s.onchange({{target: s}}); }}")
            self.assertGreater(self.drawn(page, "quota"), 0)

    def test_a_comparison_shows_the_remarks_of_both_files_at_once(self):
        page = self.open(self.compared)
        expected = ["today.yaml: " + text for text in self.compared_json["remarks"]]
        expected += ["tomorrow.yaml: " + text for text in self.compared_json["compare"]["remarks"]]
        self.assertTrue(any("vhosts applies to no request" in text for text in expected))
        self.assertEqual(self.texts(page, "#remarks p"), expected)
        self.assertFalse(page.evaluate("document.getElementById('changes').hidden"))
        page.evaluate("document.querySelectorAll('#scenarios button')[1].click()")
        self.assertEqual(self.count(page, "#rules tbody tr"), 2)
        self.assertEqual(self.texts(page, "#remarks p"), expected)

    def test_both_colour_schemes_can_be_read(self):
        backgrounds = {}
        for scheme in ("light", "dark"):
            page = self.open(self.single, scheme=scheme)
            backgrounds[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
            colours = page.evaluate("""['#headline', '#subline', '#tiles .value', '#remarks p', '#rules td', '.note'].map(
                selector => [selector, getComputedStyle(document.querySelector(selector)).color])""")
            for selector, colour in colours:
                self.assertGreaterEqual(contrast(colour, backgrounds[scheme]), 4.5, f"{scheme}: {selector}")
        self.assertGreater(luminance(backgrounds["light"]), 0.8)
        self.assertLess(luminance(backgrounds["dark"]), 0.1)

    def test_nothing_in_a_log_becomes_markup(self):
        page = self.open(self.single)
        self.assertEqual(page.evaluate("document.title"), "RateGuard: today.yaml")
        self.assertEqual(self.count(page, "main script, main img, main b b"), 0)

    def test_fits_a_narrow_screen(self):
        page = self.open(self.compared, width=380)
        self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), 380)
        self.assertGreaterEqual(self.drawn(page, "traffic"), 2, "admitted and refused")


if __name__ == "__main__":
    if not CHROMIUM:
        print("check_page: no chromium here", file=sys.stderr)
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
