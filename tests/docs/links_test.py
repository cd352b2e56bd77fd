#!/usr/bin/env python3
"""Every link in the pages leads to a file or a heading that is there, and the guide's list of contents is its headings.

  links_test.py [FOLDER]    of the pages below FOLDER, by default those of the source tree
"""

import os
import re
import sys

# Bazel's input is a link to the source tree, which has the other files.
ROOT = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.realpath("docs/guide.md")))
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] + sorted(
    "docs/" + name for name in os.listdir(os.path.join(ROOT, "docs")) if name.endswith(".md"))


def lines_of(page):
    """The lines of a page that are not in a fenced block."""
    inside = False
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        for line in file:
            if line.startswith("```"):
                inside = not inside
            elif not inside:
                yield line.rstrip("\n")


def headings(page):
    return [line.lstrip("#").strip() for line in lines_of(page) if re.match("#+ ", line)]


def anchor(heading):
    """As GitHub makes it of a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.lower())
    return kept.replace(" ", "-")


def main():
    failures = []
    links = 0
    for page in PAGES:
        for line in lines_of(page):
            for target in re.findall(r"\]\(([^)\s]+)\)", re.sub("`[^`]*`", "", line)):
                if re.match(r"[a-z]+:", target):
                    continue
                links += 1
                path, _, name = target.partition("#")
                file = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
                if not os.path.exists(os.path.join(ROOT, file)):
                    failures.append(f"{page}: no file {file}: {target}")
                elif name and name not in [anchor(h) for h in headings(file)]:
                    failures.append(f"{page}: {file} has no heading #{name}")
    if links < 50:
        failures.append(f"only {links} links found")

    contents = [re.match(r"(\d+)\. \[([^]]*)\]\(#([^)]*)\)", line) for line in lines_of("docs/guide.md")]
    listed = [(f"{m[1]} {m[2]}", m[3]) for m in contents if m]
    sections = [(h, anchor(h)) for h in headings("docs/guide.md") if re.match(r"\d+ ", h)]
    if listed != sections:
        failures.append(f"docs/guide.md lists\n  {listed}\nand has\n  {sections}")
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
