"""The test study's report in a real browser, on a wide and a narrow window, without a network."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.base import AXE_SCRIPT
from flow import RESULTS
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM.is_file() and DRIVER.is_file()),
    reason=f"{CHROMIUM} and {DRIVER} are not installed: apt-get install chromium chromium-driver",
)
WINDOWS = {"wide": (1280, 900), "narrow": (360, 740)}
PATIENCE = 60
"""Seconds that a page may take to draw its charts, on a slow machine."""
SWITCHES = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--force-prefers-reduced-motion")  # fmt: skip


class Page:
    """The report, opened and drawn."""

    def __init__(self, driver: webdriver.Chrome, address: str) -> None:
        self.driver = driver
        self.errors: list[str] = []
        driver.get(address)
        end = time.monotonic() + PATIENCE
        while self.asked("return document.documentElement.dataset.charts") != "drawn":
            assert time.monotonic() < end, driver.get_log("browser")
            time.sleep(0.1)

    def asked(self, script: str, *arguments: Any) -> Any:
        """Return what a script in the page returns."""
        return self.driver.execute_script(script, *arguments)

    def one(self, selector: str) -> Any:
        """Return an element."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def console(self) -> list[str]:
        """Return every error that the page has said so far."""
        self.errors += [
            line["message"] for line in self.driver.get_log("browser") if line["level"] == "SEVERE"
        ]
        return self.errors

    def shown(self) -> int:
        """Return how many rows of the claim table are shown, which its own count has to say too."""
        script = "return document.querySelectorAll('#claim-table tbody tr:not([hidden])').length"
        count = int(self.asked(script))
        assert self.one("#shown").text.startswith(f"{count} of ")
        return count

    def column(self, number: int) -> list[str]:
        """Return the values by which a column of the claim table sorts: numbers as they are written."""
        return self.asked(
            "return [...document.querySelectorAll('#claim-table tbody tr')].map(row => {"
            " const cell = row.cells[arguments[0]]; return cell.dataset.value ?? cell.textContent.trim(); })",
            number,
        )


@pytest.fixture(scope="module", params=WINDOWS)
def page(request: pytest.FixtureRequest, built_study: Path) -> Iterator[Page]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for switch in SWITCHES:
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    width, height = WINDOWS[request.param]
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    with webdriver.Chrome(options=options, service=Service(str(DRIVER))) as driver:
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        yield Page(driver, (built_study / RESULTS / "report.html").as_uri())


def test_every_chart_is_drawn(page: Page) -> None:
    drawn = page.asked(
        "return [...document.querySelectorAll('[data-chart]')]"
        ".map(place => [place.id, place.querySelectorAll('svg path, svg text').length])"
    )
    assert "outcomes" in dict(drawn) and any(name.startswith("figure-") for name, _ in drawn)
    assert all(marks > 3 for _, marks in drawn), drawn


def test_nothing_is_fetched_and_nothing_goes_wrong(page: Page) -> None:
    assert page.asked("return performance.getEntriesByType('resource').map(one => one.name)") == []
    assert page.console() == []


def test_the_page_is_as_wide_as_the_window(page: Page) -> None:
    assert page.asked("return document.documentElement.scrollWidth <= window.innerWidth")


def test_filters_leave_the_rows_that_fit(page: Page) -> None:
    every = page.shown()
    Select(page.one("select[name=fidelity]")).select_by_value("analogue")
    analogues = page.shown()
    assert 0 < analogues < every
    Select(page.one("select[name=paper]")).select_by_value("cloud2025")
    assert 0 < page.shown() < analogues
    page.one("input[name=text]").send_keys("gpt-4.1 owl")
    found = page.asked("return document.querySelector('#claim-table tbody tr:not([hidden])').textContent")
    assert "GPT-4.1" in found and "owl" in found
    page.one("button[type=reset]").click()
    time.sleep(0.2)
    assert page.shown() == every
    Select(page.one("select[name=outcome]")).select_by_value("not run")
    assert page.shown() == every - analogues - page.asked(
        "return document.querySelectorAll('[data-fidelity=close], [data-fidelity=original]').length"
    )
    page.one("button[type=reset]").click()
    time.sleep(0.2)


def test_a_header_sorts_both_ways_and_says_so(page: Page) -> None:
    heads = page.driver.find_elements(By.CSS_SELECTOR, "#claim-table thead th")
    estimate = [head.text.split()[0] for head in heads].index("estimate")
    for way, sign in (("ascending", 1), ("descending", -1)):
        heads[estimate].find_element(By.TAG_NAME, "button").click()
        assert heads[estimate].get_attribute("aria-sort") == way
        values = page.column(estimate)
        numbers = [float(value) * sign for value in values if value]
        assert len(numbers) > 10 and numbers == sorted(numbers)
        assert not any(values[len(numbers) :])  # what has none comes last
    heads[0].find_element(By.TAG_NAME, "button").click()
    names = page.column(0)
    assert names[0].startswith("AO-") and heads[estimate].get_attribute("aria-sort") == "none"


def test_the_keyboard_reaches_every_filter(page: Page) -> None:
    page.asked("document.activeElement.blur(); window.scrollTo(0, 0)")
    page.asked("document.body.tabIndex = -1; document.body.focus()")
    reached = []
    for _ in range(60):
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
        name, outline = page.asked(
            "const at = document.activeElement;"
            " return [at.name || at.className || at.tagName, getComputedStyle(at).outlineStyle]"
        )
        reached.append(name)
        assert outline != "none", name
        if name == "text":
            break
    assert reached[0] == "skip"
    assert [name for name in reached if name in ("paper", "fidelity", "outcome", "text")] == [
        "paper", "fidelity", "outcome", "text",
    ]  # fmt: skip


def test_a_number_leads_to_its_query(page: Page) -> None:
    link = page.one("a[href^='#number-']")
    details = page.one(link.get_attribute("href").split(".html")[1])
    assert not details.get_attribute("open")
    page.asked("arguments[0].click()", link)
    time.sleep(0.2)
    assert details.get_attribute("open")
    assert "SELECT * FROM measurements" in details.text


def test_the_automated_accessibility_check_finds_nothing_serious(page: Page) -> None:
    page.asked(AXE_SCRIPT)
    page.driver.set_script_timeout(PATIENCE)
    # A chart is a picture with a name: what is inside it is not read out.
    found = page.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        " axe.run({exclude: ['[data-chart] > *']}, {resultTypes: ['violations']})"
        ".then(done, error => done({error: `${error}`}))"
    )
    assert "error" not in found, found
    assert found["passes"]
    serious = [
        (rule["id"], rule["impact"], [node["html"][:200] for node in rule["nodes"][:3]])
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
    ]
    assert not serious
