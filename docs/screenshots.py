"""Makes the pictures of the report in this folder, from runs of this project's own features.

Runs the features twice: as they are, and with an application that keeps its cache too long.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
WIDE, PHONE = (1280, 900), (390, 844)
TOO_LONG = ("-D", "accounts.env.USER_CACHE_TTL_S=600")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")


def main() -> None:
    """Runs the features, then takes the pictures."""
    with TemporaryDirectory() as folder:
        for more in ((), TOO_LONG):
            run(Path(folder), *more)
        take(Path(folder) / "latest" / "index.html")


def run(reports: Path, *more: str) -> None:
    """Runs all features, on embedded servers; a red run is what some pictures are of."""
    command = [sys.executable, "-m", "behave", "--format=progress", "-D", "backend=embedded"]
    subprocess.run([*command, "-D", f"reports={reports}", *more], cwd=HERE.parent, check=False)


def take(page_file: Path) -> None:
    """Takes each picture of the page."""
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))

        def page(size: tuple[int, int], scheme: str) -> Page:
            opened = browser.new_page(
                viewport={"width": size[0], "height": size[1]},
                color_scheme="dark" if scheme == "dark" else "light",
                reduced_motion="reduce",
                device_scale_factor=1.5,
            )
            opened.goto(page_file.resolve().as_uri())
            return opened

        top = page(WIDE, "light")
        top.screenshot(path=HERE / "report.png")

        failure = page(WIDE, "light")
        failure.locator(".failure summary", has_text="Evidence").first.click()
        failure.locator(".failure").first.evaluate("(card) => card.scrollIntoView()")
        failure.screenshot(path=HERE / "report-failure.png")

        feature = page(WIDE, "dark")
        feature.locator("#user_journey").evaluate(
            """(feature) => {
              for (const details of feature.querySelectorAll("details")) {
                details.open = details.matches(".outline");
              }
              feature.querySelector("details").open = true;
              feature.scrollIntoView();
            }"""
        )
        feature.screenshot(path=HERE / "report-feature.png")

        phone = page(PHONE, "light")
        phone.screenshot(path=HERE / "report-phone.png")
        browser.close()


if __name__ == "__main__":
    main()
