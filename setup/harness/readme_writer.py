"""Writes README.rst and index.html of addons; runs in a Python that has pandoc and docutils.

README.rst is what a code host and PyPI show, index.html what Odoo's Apps do. The order is that of
OCA's generator, which is in no package registry; without its badges, which are pictures of others.
"""

import ast
import re
import sys
from pathlib import Path

import pypandoc
from docutils.core import publish_string

# Each fragment with the title it gets; the description stands above the contents.
SECTIONS = {
    "CONTEXT": "Use Cases",
    "INSTALL": "Installation",
    "CONFIGURE": "Configuration",
    "USAGE": "Usage",
    "DEVELOP": "Development",
    "ROADMAP": "Known Issues",
    "HISTORY": "Changelog",
    "CONTRIBUTORS": "Contributors",
}
NOTE = """\
..
   Made of the manifest and the fragments in readme/ by ./setup/readme: change those.
"""
PICTURES = "static/description/"
# Odoo shows the page with its own styles, and takes out any that it brings.
CLASSES = {"<img ": '<img class="img-fluid border" ', "<table>": '<table class="table table-sm">'}
SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "halt_level": 2,  # a warning is an error
    "smart_quotes": False,
    "embed_stylesheet": False,
    "stylesheet_path": "",
    "section_self_link": False,
    "input_encoding": "unicode",
    "output_encoding": "unicode",
}


def main(folders: list[str]) -> None:
    """Prints the path of each file that was not what the fragments give."""
    for addon in map(Path, folders):
        readme = compose(addon)
        for path, text in (
            (addon / "README.rst", readme),
            (addon / PICTURES / "index.html", to_html(readme)),
        ):
            if not path.exists() or path.read_text() != text:
                path.write_text(text)
                print(path.relative_to(addon.parent))


def compose(addon: Path) -> str:
    """The README of an addon in reStructuredText."""
    manifest = ast.literal_eval((addon / "__manifest__.py").read_text())
    line = "=" * len(manifest["name"])
    parts = [f"{line}\n{manifest['name']}\n{line}", NOTE.rstrip()]
    parts.append(f"{manifest['summary']}")
    parts.append(f"*Odoo 17.0 · {manifest['license']} · {manifest['author']}*")
    parts.append(to_rst(addon / "readme" / "DESCRIPTION.md"))
    parts.append("**Table of contents**\n\n.. contents::\n   :local:\n   :depth: 1")
    for fragment, title in SECTIONS.items():
        path = addon / "readme" / f"{fragment}.md"
        if path.exists():
            parts.append(f"{title}\n{'=' * len(title)}\n\n{to_rst(path)}")
    return "\n\n".join(parts) + "\n"


def to_rst(fragment: Path) -> str:
    text = fragment.read_text().replace(f"(../{PICTURES}", f"({PICTURES}")
    options = ["--wrap=auto", "--columns=100"]
    made = pypandoc.convert_text(text, "rst", "gfm+implicit_figures", extra_args=options)
    return made.strip()


def to_html(readme: str) -> str:
    """What Odoo shows of the addon: pictures lie beside it, and links to itself stay inside."""
    page = publish_string(readme, writer="html5", settings_overrides=SETTINGS)
    body = re.search(r"<main[^>]*>(.*)</main>", page, re.S)[1].strip()
    for plain, with_class in CLASSES.items():
        body = body.replace(plain, with_class)
    body = body.replace(f'src="{PICTURES}', 'src="')
    return f'<section class="container">\n{body}\n</section>\n'


if __name__ == "__main__":
    main(sys.argv[1:])
