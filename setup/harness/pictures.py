"""./setup/pictures: takes the pictures of the addons' pages in the demo."""

import argparse
import contextlib
import io
import json
import re

from .chromium import Chromium
from .console import run_command, say, wait_until
from .demo import STORIES, attendance_server, served, tell_stories
from .environment import Environment
from .network import HOST, free_port
from .pictured import PICTURES, Picture
from .problem import Problem
from .steps import LOGS, ROOT, locked

DIGESTS = ROOT / "setup" / "pictures.json"
PAGES_SCRIPT = STORIES / "picture_pages.py"
SERVER_SECONDS = 60
# What moves, or tells how long ago something was.
STYLE = """
* { animation: none !important; transition: none !important; caret-color: transparent !important; }
.o-mail-Form-chatter, .o-mail-ChatterContainer, .o_FormRenderer_chatterContainer,
.o_notification_manager { display: none !important; }
"""
# A page is there when it has a view, waits for nothing, and stays as it is for a moment.
SERVICES = "odoo.__WOWL_DEBUG__.root.env.services"
ANY_VIEW = ".o_view_controller"
IS_SHOWN = """
(() => {
    const view = document.querySelector(%s);
    const busy = document.querySelector(".o_loading_indicator, .o_blockUI, .o_view_sample_data");
    const size = document.body.innerHTML.length;
    const stays = window.pictureSize === size;
    window.pictureSize = size;
    window.pictureStays = view && !busy && stays ? (window.pictureStays || 0) + 1 : 0;
    return document.readyState === "complete" && window.pictureStays > 6;
})()
"""
HAS_ERROR = '!!document.querySelector(".o_error_dialog, .o_error_detail")'


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="setup/pictures",
        description="Takes anew, in the demo, those pictures in static/description whose screens "
        "changed since they were taken.",
    )
    parser.add_argument("--all", action="store_true", help="take all pictures")
    parser.add_argument(
        "--check", action="store_true", help="take none: end with 1 if one is older than its screen"
    )
    options = parser.parse_args()
    old = [*PICTURES] if options.all else find_old()
    if options.check:
        for picture in old:
            say(f"{picture.path.relative_to(ROOT)} is older than its screen: run ./setup/pictures")
        return 1 if old else 0
    if not old:
        say("All pictures are as new as their screens; --all takes them anyway.")
        return 0
    with Environment.prepare() as env, locked(f"pictures-{env.name}"):
        env.add_browser()
        take_in_demo(env, old)
    return 0


def find_old() -> list[Picture]:
    taken = json.loads(DIGESTS.read_text()) if DIGESTS.exists() else {}
    return [
        picture
        for picture in PICTURES
        if taken.get(picture.key) != picture.digest() or not picture.path.exists()
    ]


def take_in_demo(env: Environment, pictures: list[Picture]) -> None:
    database, port = env.databases.name("pictures"), free_port()
    env.build_database(database)
    with attendance_server() as arguments:
        with contextlib.redirect_stdout(io.StringIO()):
            tell_stories(env, database, arguments)
        printed = env.shell(database, PAGES_SCRIPT, arguments[0])
        pages = json.loads(re.search(r"^pages:(.*)", printed, re.M)[1])
        with served(env, database, port):
            take(env, pictures, pages, f"http://{HOST}:{port}")
    env.databases.drop(database)


def take(env: Environment, pictures: list[Picture], pages: dict[str, str], address: str) -> None:
    """Takes them one by one; of those that do not come it says so in the end."""
    problems = []
    for login in sorted({picture.login for picture in pictures}):
        with Chromium(env.variables) as browser:
            log_in(browser, address, login)
            for picture in pictures:
                if picture.login != login:
                    continue
                try:
                    open_page(browser, picture, address + pages[picture.key])
                except Problem as problem:
                    problems.append(str(problem))
                    continue
                browser.save(picture.path)
                keep_digest(picture)
                say(f"  {picture.path.relative_to(ROOT)}")
    if problems:
        raise Problem("\n".join(problems))


def log_in(browser: Chromium, address: str, login: str) -> None:
    def is_open() -> bool:
        browser.open(f"{address}/web/login")
        return browser.wait_for("!!document.querySelector('input[name=password]')", 5)

    if not wait_until(is_open, SERVER_SECONDS):
        raise Problem(f"Odoo does not serve: see {LOGS / 'serve.log'}")
    browser.run(
        f"""
        for (const name of ["login", "password"])
            document.querySelector(`input[name=${{name}}]`).value = "{login}";
        document.querySelector("form.oe_login_form").submit();
        """
    )
    if not browser.wait_for("!!document.querySelector('.o_main_navbar')", 90):
        raise Problem(f"{login} can't log in.")


def open_page(browser: Chromium, picture: Picture, page: str) -> None:
    """:param page: the address, and after a blank what is done there to get a dialog"""
    url, _, dialog = page.partition(" ")
    browser.set_size(picture.width, picture.height)
    browser.open("about:blank")
    browser.open(url)
    wait_until_shown(browser, picture, ".o_form_view" if "view_type=form" in url else ANY_VIEW)
    style = json.dumps(STYLE)
    browser.run(f"document.head.appendChild(document.createElement('style')).append({style})")
    if dialog:
        browser.run(
            f"odoo.__WOWL_DEBUG__.root.env.services.action.doAction({dialog}).then(() => 0)"
        )
        wait_until_shown(browser, picture, ".modal .o_form_view")
    for step in picture.steps:
        browser.run(step)
        wait_until_shown(browser, picture)
    browser.run("document.activeElement.blur()")


def wait_until_shown(browser: Chromium, picture: Picture, view: str = ANY_VIEW) -> None:
    if not browser.wait_for(IS_SHOWN % json.dumps(view)) or browser.run(HAS_ERROR):
        shown = browser.run("document.body.innerText").strip()
        raise Problem(f"Instead of {picture.key}, {picture.login} sees:\n{shown[:1000]}")


def keep_digest(picture: Picture) -> None:
    """Keeps what the picture shows; what is no picture any more is forgotten."""
    taken = json.loads(DIGESTS.read_text()) if DIGESTS.exists() else {}
    taken[picture.key] = picture.digest()
    keys = {one.key for one in PICTURES}
    kept = {key: taken[key] for key in sorted(keys & set(taken))}
    DIGESTS.write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    run_command(main)
