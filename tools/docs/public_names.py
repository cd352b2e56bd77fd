#!/usr/bin/env python3
"""What the public headers declare: the names that docs/api.md lists and that Doxygen documents.

  public_names.py HEADER...               one line a name: header, class, declaration, first sentence
  public_names.py --check PAGE HEADER...  compares the names with those of the page; lists differences
  public_names.py --doxygen HEADER        the header as Doxygen reads it (INPUT_FILTER of Doxyfile)

It reads C++ as clang-format leaves it, not all of C++. Private members and namespace `internal` are left
out. The page need not list what every class or container has: copy, move, deleted functions, iterators
and their members, `value_type` and the like.

The comment of a declaration is the one right before it, or on its line, or that of the declaration
before it if no blank line is between them. The comment of a class may be that of its header, if it begins
with the name of the class.
"""

import os
import re
import sys
from dataclasses import dataclass

# What a declaration is shown without.
NOISE = re.compile(r"\[\[[^]]*\]\]|\bABSL_ATTRIBUTE_LIFETIME_BOUND\b|\b(?:inline|virtual|explicit|friend)\b"
                   r"|\b(?:rocksdb|sheaf)::(?=\w)|\boverride\b|\bnoexcept\b|\bconstexpr (?=[^=]*\()")

LITERAL = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")

# What containers and iterators of the standard library have too.
STANDARD = re.compile(r"(using|class) (value_type|difference_type|pointer|reference|iterator_category|(const_)?(reverse_)?iterator"
                      r"|\w+(<T>)?::const_iterator)\b")


@dataclass
class Declaration:
    header: str
    scope: str  # "Store", or "" for the namespace
    text: str  # as docs/api.md has it
    comment: str
    offset: int  # where it begins in the header
    inherits: bool  # the comment is not its own
    listed: bool = True  # in docs/api.md


def balanced(text, at):
    """The offset behind the bracket that closes the one at `at`."""
    pairs = {"(": ")", "{": "}", "[": "]", "<": ">"}
    opened, closed, depth = text[at], pairs[text[at]], 0
    while True:
        if text[at] in "\"'":
            at = LITERAL.match(text, at).end()
            continue
        if text.startswith("//", at):
            at = text.index("\n", at)
            continue
        if opened == "<" and text[at] == "(":
            at = balanced(text, at)
            continue
        depth += (text[at] == opened) - (text[at] == closed)
        at += 1
        if depth == 0:
            return at


def without_template(head):
    while head.startswith("template"):
        head = head[balanced(head, head.index("<")):].strip()
    return head


def shown(head):
    """A declaration on one line, without what a caller need not read."""
    head = re.sub(r"//[^\n]*", "", head)
    head = NOISE.sub("", without_template(head.strip()))
    head = re.sub(r"\s+", " ", head)
    head = re.sub(r"\s+(?=[,;)])|(?<=\()\s+", "", head)
    return re.sub(r"\s*=\s*(?:default|0)$", "", head.strip()).strip()


def sentence(comment):
    text = " ".join(line.strip() for line in comment.split("\n"))
    return re.split(r"(?<=[.!?])\s", text.strip())[0]


class Header:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        self.name = os.path.basename(path)
        self.found = []
        self.about = ""  # the comment of the header
        self.read()

    def line(self, offset):
        return self.text.count("\n", 0, offset)

    def read(self):
        text, at = self.text, 0
        scopes = []  # (kind, name, access is public)
        comment, comment_end = [], -2  # lines, and the last of them
        before = None  # (scope, last line, comment) of the declaration before
        while at < len(text):
            if text[at].isspace():
                at += 1
                continue
            if text.startswith("//", at):
                end = text.index("\n", at)
                line = self.line(at)
                if comment_end != line - 1:
                    comment = []
                if not text.startswith("// NOLINT", at):
                    comment.append(text[at + 2:end].strip())
                comment_end = line
                if not self.about and text[end + 1:end + 3] != "//":
                    self.about = "\n".join(comment)
                at = end
                continue
            if text[at] == "#":
                macro = re.compile(r"# *define (SHEAF_\w+(?<!_H_))[ \n]").match(text, at)
                # Not one that the header takes back.
                if macro and f"#undef {macro[1]}\n" not in text:
                    own = comment_end == self.line(at) - 1
                    doc = "\n".join(comment) if own else before[2] if before else self.about
                    self.add(scopes, "", macro[1], doc, at, True)
                    before = ("", self.line(at), doc)
                at = re.compile(r"#(?:[^\n]*\\\n)*[^\n]*").match(text, at).end()
                continue
            if text[at] in "};":
                if text[at] == "}":
                    scopes.pop()
                at += 1
                continue
            access = re.compile(r"(public|private|protected):").match(text, at)
            if access:
                scopes[-1] = (*scopes[-1][:2], access[1] == "public")
                at = access.end()
                continue

            # A declaration: up to ";", or to "{".
            start = at
            while text[at] not in ";{":
                if text.startswith("//", at):
                    at = text.index("\n", at)
                elif text[at] in "\"'":
                    at = LITERAL.match(text, at).end()
                elif text[at] == "(":
                    at = balanced(text, at)
                else:
                    at += 1
            head = text[start:at].strip()
            plain = without_template(head)
            opens = text[at] == "{"
            named = re.match(r"(?:class|struct) ([\w:]+(?:<T>::\w+)?)(?: : [^(]*)?$", plain)
            if opens and (plain.startswith("namespace") or plain.startswith('extern "C"')):
                scopes.append(("namespace", plain.split()[-1], True))
                at += 1
                continue
            own = "\n".join(comment) if comment_end == self.line(start) - 1 else ""
            doc = own
            scope = "::".join(name for kind, name, _ in scopes if kind == "class" or name == "disk")
            gap = self.line(start) - 1 - (comment_end == self.line(start) - 1)  # a NOLINT between them
            if not doc and before and before[0] == scope and before[1] >= gap:
                doc = before[2]
            if opens and named:
                if self.about.startswith(named[1]):
                    doc = doc or self.about
                self.add(scopes, scope, shown(head), doc, start, not own)
                scopes.append(("class", named[1], plain.startswith("struct")))
                at += 1
                before = None
                continue
            if opens and plain.startswith("enum"):
                end = balanced(text, at)
                self.add(scopes, scope, shown(head.split(" : ")[0]), doc, start, not own)
                self.add_enumerators(scopes, scope, plain, doc, at + 1, end - 1)
                at = end
                continue
            if opens:
                # A body; or what a variable is initialized with, and then ";".
                variable = "(" not in plain or plain.endswith("=")
                at = balanced(text, at)
                if variable:
                    head, at = head.rstrip(" ="), text.index(";", at) + 1
            else:
                at += 1
            trailing = re.compile(r"[ ]+// ([^\n]*)").match(text, at)
            if trailing:
                at = trailing.end()
            self.add_member(scopes, scope, head, trailing[1] if trailing and not own else doc, start,
                            not own and not trailing)
            before = (scope, self.line(at), doc)

    def add(self, scopes, scope, text, comment, offset, inherits, listed=True):
        if any(name == "internal" or not public for _, name, public in scopes):
            return
        if not listed:
            comment = comment or "Copy, move or destruction."
        if scope.lower().endswith("iterator") or STANDARD.match(text):
            listed = False
            comment = comment or "As in the standard library."
        self.found.append(Declaration(self.name, scope, text, comment, offset, inherits, listed))

    def add_member(self, scopes, scope, head, comment, offset, inherits):
        plain = without_template(head)
        if re.match(r"static_assert|friend (class|struct)|(class|struct) \w+$", plain) and not (
                scope and re.match(r"class \w+$", plain)):
            return
        before = plain.split("(")[0]
        if re.search(r"\b\w+(<T>)?::(\w+|operator\W+)$", before) and "operator std" not in before and "(" in plain:
            return  # the definition of a member, outside of its class
        name = scope.split("::")[-1] or "-"
        special = (re.search(r"=\s*delete$|(^|\s)~\w+\(|\boperator=\s*\(", plain) or
                   re.match(rf"{name}\((const {name}&|{name}&&)[^,]*\)", plain))
        if "(" in plain and not plain.startswith("using"):
            plain = self.without_body(plain)
        else:
            plain = plain.split(" = ")[0] if not plain.startswith("using") else plain
            plain = re.sub(r"\{.*", "", plain)
        self.add(scopes, scope, shown(plain), comment, offset, inherits, not special)

    @staticmethod
    def without_body(plain):
        """A function without the initializers of its members and `= default`."""
        operator = re.search(r"\boperator\(\)", plain)
        end = balanced(plain, plain.index("(", operator.end() if operator else 0))
        rest = re.match(r"(?:\s|const\b|&+|noexcept|override|ABSL_ATTRIBUTE_LIFETIME_BOUND)*", plain[end:])
        return plain[:end] + rest[0]

    def add_enumerators(self, scopes, scope, plain, doc, at, end):
        name = re.match(r"enum (?:class )?(\w+)", plain)[1]
        lines = self.text[at:end]
        comment = []
        offset = at
        for line in lines.split("\n"):
            stripped = line.strip()
            if stripped.startswith("//"):
                comment.append(stripped[2:].strip())
            else:
                for match in re.finditer(r"\bk\w+", stripped.split("//")[0]):
                    where = offset + line.index(match[0])
                    self.add(scopes, "::".join(filter(None, [scope, name])), match[0],
                             "\n".join(comment) or doc, where, not comment)
                if stripped:
                    comment = []
            offset += len(line) + 1

    def for_doxygen(self):
        """The header with `///` for comments, and a comment before each name that has another one's.

        Longer at the top, where the comment of the header becomes that of a class, or of the file.
        """
        owner = [d.text for d in self.found if d.comment == self.about and re.match("class|struct", d.text)]
        inserted = {}
        for found in self.found:
            words = " ".join(found.comment.split())
            if not words or not found.inherits or found.text in owner:
                continue
            if self.text[found.offset] == "#":
                inserted[self.text.index("\n", found.offset)] = f"  ///< {words}"
            else:
                inserted[found.offset] = f"/** {words} */ "
        pieces, last = [], 0
        for offset in sorted(inserted):
            pieces += [self.text[last:offset], inserted[offset]]
            last = offset
        text = "".join(pieces) + self.text[last:]
        text = re.sub(r"^( *)//(?!/)", r"\1///", text, flags=re.M)
        text = re.sub(r"(?<=[;,])  // ", "  ///< ", text)
        about = f"/** \\file\n * {sentence(self.about)} */\n/// \\{owner[0].replace(' ', ' sheaf::')}\n" if owner else "/// \\file\n///\n"
        return about + self.code_in_comments(text)

    @staticmethod
    def code_in_comments(text):
        """Examples are indented by three spaces; Markdown wants four more than the text around them."""
        lines, code = [], False
        for line in text.split("\n"):
            match = re.match(r"( *///)( {3,})(\S.*)", line)
            code = bool(match) and (code or (bool(lines) and lines[-1].strip() in ("///", "")) and match[3][0] != "-")
            lines.append(f"{match[1]}    {match[2]}{match[3]}" if code else line)
        return "\n".join(lines)


def page_names(path):
    """(header, class, declaration) of each row of the page."""
    header = scope = ""
    names = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            if match := re.match(r"## `?([\w.]+\.h)`?", line):
                header, scope = match[1], ""
            elif match := re.match(r"### `?([\w:]+)`?", line):
                scope = match[1]
            elif header and (match := re.match(r"\| `([^`]+)` \| (.*) \|$", line)):
                names.append((header, scope, match[1], match[2]))
    return names


def main(arguments):
    if arguments[:1] == ["--doxygen"]:
        print(Header(arguments[1]).for_doxygen(), end="")
        return 0
    check = arguments[:1] == ["--check"]
    page, paths = (arguments[1], arguments[2:]) if check else ("", arguments)
    found = [d for path in sorted(paths) for d in Header(path).found if d.listed]
    if not check:
        for d in found:
            print(d.header, d.scope, d.text, sentence(d.comment), sep="\t")
        return 0
    listed = page_names(page)
    there = [(d.header, d.scope, d.text) for d in found]
    differences = [f"not in {page}: {' '.join(name)}" for name in there if name not in [row[:3] for row in listed]]
    differences += [f"only in {page}: {' '.join(row[:3])}" for row in listed if row[:3] not in there]
    differences += [f"no word about {' '.join(row[:3])}" for row in listed if not row[3].strip()]
    differences += [f"no comment in {d.header}: {d.scope} {d.text}" for d in found if not d.comment]
    print("\n".join(differences) or f"{len(there)} names")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
