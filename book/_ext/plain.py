"""Write MyST as the Markdown that every Jupyter shows, with references as links to the site."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from publishing import address
from sphinx.environment import BuildEnvironment

BOX = re.compile(
    r"^(?P<fence>:::+|```+)\{(?P<kind>[\w-]+)\} *(?P<title>.*)\n(?P<body>(?:.*\n)*?)(?P=fence) *$",
    re.MULTILINE,
)
OPTION = re.compile(r"\A(?::[\w-]+:.*\n)+\n?")
ROLE = re.compile(r"\{([\w:]+)\}`(?:([^`<]+) <)?([^`>]+)>?`")
DISPLAY = re.compile(r"\n\$\$ *\(([\w-]+)\)$", re.MULTILINE)
ASIDE = re.compile(r"^(?:%.*|\([\w-]+\)=)\n?", re.MULTILINE)
TERM = re.compile(r"^(\S.*)\n: +(.*(?:\n.+)*)", re.MULTILINE)
HIDDEN = re.compile(r"The solutions? (?:is|are) hidden[^.]*\.")

Find = Callable[[str, str], tuple[str, str]]


def finder(env: BuildEnvironment, page: str) -> Find:
    """Return what finds the words and the page of a reference on `page`."""
    domain: Callable[[str], Any] = env.get_domain
    labels, named = domain("std").anonlabels, domain("std").labels
    equations, entries = domain("math").equations, domain("cite").bibdata.data.entries

    def count(kind: str, docname: str, label: str) -> str:
        return ".".join(map(str, env.toc_fignumbers[docname][kind][label]))

    def cited(key: str, textual: bool) -> str:
        entry = entries[key]
        people: list[Any] = next(iter(entry.persons.values()), [])
        names = [" ".join(map(str, person.rich_last_names)) for person in people]
        who = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
        year = entry.fields.get("year", "")
        return f"{who} ({year})" if textual else f"({who}, {year})"

    def find(role: str, target: str) -> tuple[str, str]:
        match role:
            case "doc":
                name = target.lstrip("/") if target.startswith("/") else f"book/{target}"
                return env.titles[name].astext(), f"{name}.html"
            case "eq":
                docname, _ = equations[target]
                number = count("displaymath", docname, f"equation-{target}")
                return f"({number})", f"{docname}.html#equation-{target}"
            case "numref":
                docname, label = labels[target]
                return f"Fig. {count('figure', docname, label)}", f"{docname}.html#{label}"
            case "ref":
                docname, label = labels[target]
                title = named[target][2] if target in named else target
                return title, f"{docname}.html#{label}"
            case "term":
                return target, f"book/glossary.html#term-{target.replace(' ', '-')}"
            case "cite:t" | "cite:p" | "cite":
                words = [cited(key.strip(), role == "cite:t") for key in target.split(",")]
                return "; ".join(words).replace("); (", "; "), "book/references.html"
        raise ValueError(f"{page}: no plain words for {{{role}}}`{target}`")

    return find


def box(found: re.Match[str], folder: Path) -> str:
    """Return a directive as plain Markdown."""
    kind, title, body = found["kind"], found["title"], OPTION.sub("", found["body"]).strip()
    if kind == "exercise":
        return f"### Exercise: {title}\n\n{body}"
    if kind.startswith("solution"):
        return "**Solution.**" if kind == "solution-start" else ""
    if kind == "literalinclude":
        return f"```python\n{(folder / title).read_text(encoding='utf-8').rstrip()}\n```"
    if kind == "predict":
        first = TERM.search(body)
        question = body[: first.start()].rstrip() if first else body
        choices = "" if "tolerance" in found["body"] else TERM.sub(r"- \1", body[len(question) :])
        listed = "\n".join(re.findall(r"^- .*$", choices, re.MULTILINE))
        quote = f"**{title or 'Predict first'}**\n\n{question}\n\n{listed}".rstrip()
        answer = (
            f"<details><summary>Answer</summary>\n\n{body[len(question) :].strip()}\n\n</details>"
        )
        return re.sub("^", "> ", quote, flags=re.MULTILINE) + f"\n\n{answer}"
    return re.sub("^", "> ", f"**{title or kind.capitalize()}**\n\n{body}", flags=re.MULTILINE)


def plain(source: str, find: Find, folder: Path) -> str:
    """Return the Markdown cell `source` without MyST; `folder` is where its files are."""

    def link(role: re.Match[str]) -> str:
        words, page = find(role[1], role[3])
        words = role[2] or (f"*{words}*" if role[1] == "doc" else words)
        return f"[{words}]({address()}{page})" if address() else words

    def tag(display: re.Match[str]) -> str:
        return f"\n\\tag{{{find('eq', display[1])[0].strip('()')}}}\n$$"

    text = ASIDE.sub("", source)
    text = BOX.sub(lambda found: box(found, folder), text)
    text = TERM.sub(r"- **\1**: \2", text)
    text = DISPLAY.sub(tag, text)
    text = HIDDEN.sub("The solutions are on the book's page.", text)
    return ROLE.sub(link, text)
