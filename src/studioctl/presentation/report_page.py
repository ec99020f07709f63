"""A report as one HTML file: no script, nothing from another host, readable by screen readers and on paper."""

import base64
import hashlib
import re
from collections.abc import Iterator
from html import escape
from xml.etree import ElementTree

from studioctl.report.content import Report, Section, Table

STYLE = """
:root { color-scheme: light dark; --ink: #1a1d21; --quiet: #565d66; --line: #d5d9de; --back: #fff; --soft: #f4f5f7;
  --good: #0a6b3d; --bad: #a3231b }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e9ec; --quiet: #a7aeb8; --line: #3a4048; --back: #16181c;
  --soft: #1f2329; --good: #6fd39b; --bad: #ff9a90 } }
* { box-sizing: border-box }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back) }
main { max-width: 64rem; margin: 0 auto; padding: 1.5rem 1rem 4rem }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; border-top: 1px solid var(--line); padding-top: 1.25rem }
p { margin: .5rem 0; max-width: 46rem }
.quiet { color: var(--quiet) }
.proof { border: 2px solid var(--good); border-radius: .5rem; padding: .75rem 1rem; font-weight: 600 }
.proof.left { border-color: var(--bad) }
.wide { overflow-x: auto; margin: 1rem 0 }
table { border-collapse: collapse; width: 100%; font-size: .93rem }
th, td { text-align: left; vertical-align: top; padding: .45rem .75rem; border-bottom: 1px solid var(--line) }
thead th { background: var(--soft); font-weight: 600 }
tbody th { font-weight: 400 }
.many tbody th { white-space: nowrap }
td.yes { color: var(--good); font-weight: 600 }
td.no { color: var(--quiet) }
figure { margin: 1rem 0 }
figure svg { max-width: 100%; height: auto }
.standing { display: none }
@media screen and (max-width: 40rem) { .lying { display: none } .standing { display: block }
  .many, .many tbody, .many tr, .many th, .many td { display: block }
  .many thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden }
  .many tr { border-bottom: 1px solid var(--line); padding: .5rem 0 }
  .many th, .many td { border: 0; padding: .15rem 0 }
  .many tbody th { font-weight: 600; white-space: normal } .many td:empty { display: none }
  .many td::before { content: attr(data-label) ": "; color: var(--quiet); font-weight: 400 } }
figure svg text { fill: var(--ink) }
figure svg polygon, figure svg path, figure svg ellipse { stroke: var(--ink) }
figure svg .edge polygon { fill: var(--ink) }
figcaption { color: var(--quiet); font-size: .9rem }
nav ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1rem }
a { color: inherit }
@media print { :root { color-scheme: light; --ink: #000; --quiet: #444; --line: #999; --back: #fff; --soft: #eee;
  --good: #064; --bad: #811 } nav { display: none } h2 { break-after: avoid } tr, figure { break-inside: avoid }
  body { font-size: 11px } main { padding: 0 } .wide { overflow: visible } }
"""
_TAGS = {"svg", "g", "title", "text", "path", "polygon", "polyline", "ellipse"}
_ATTRIBUTES = {
    *("width", "height", "viewBox", "class", "transform", "fill", "stroke", "points", "d", "cx", "cy", "rx", "ry"),
    *("text-anchor", "x", "y", "font-family", "font-size", "stroke-dasharray"),
}
_SVG = "{http://www.w3.org/2000/svg}"


def page(report: Report) -> str:
    """The file's text."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = f"{report.title}: report"
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body><main>",
            f"<h1>{escape(report.title)}</h1>",
            f'<p class="quiet">{escape(report.subtitle)}</p>',
            *_proof(report),
            *_contents(report),
            *(line for section in report.sections for line in _section(section)),
            "</main></body>",
            "</html>",
            "",
        ]
    )


def _proof(report: Report) -> Iterator[str]:
    if report.proof:
        left = "" if report.proof.startswith("Nothing") else " left"
        yield f'<p class="proof{left}">{escape(report.proof)}</p>'


def _contents(report: Report) -> Iterator[str]:
    yield '<nav aria-label="Contents"><ul>'
    yield from (f'<li><a href="#{_anchor(s.title)}">{escape(s.title)}</a></li>' for s in report.sections)
    yield "</ul></nav>"


def _section(section: Section) -> Iterator[str]:
    anchor = _anchor(section.title)
    yield f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{escape(section.title)}</h2>'
    yield from (f"<p>{escape(text)}</p>" for text in section.text)
    if section.svg:
        drawn = f"{_region(f'{section.title}: picture')}{pictures(section.svg, section.standing, section.alt)}</div>"
        yield f"<figure>{drawn}<figcaption>{escape(section.alt)}</figcaption></figure>"
    for table in section.tables:
        yield from _table(table, section.title)
    yield "</section>"


def _table(table: Table, title: str) -> Iterator[str]:
    if not table.rows:
        yield f'<p class="quiet">{escape(table.empty[:1].upper() + table.empty[1:])}.</p>'
        return
    # A narrow page shows each row of a wide table as a list. The roles keep it a table for those who hear it.
    many = ' class="many"' if len(table.head) > 3 else ""
    name = ", ".join(filter(None, table.head[:2]))
    yield f'{_region(f"{title}: {name}")}<table{many} role="table"><thead role="rowgroup"><tr role="row">'
    yield from (f'<th scope="col" role="columnheader">{escape(c)}</th>' if c else "<td></td>" for c in table.head)
    yield '</tr></thead><tbody role="rowgroup">'
    for first, *others in table.rows:
        cells = "".join(map(_cell, table.head[1:], others))
        yield f'<tr role="row"><th scope="row" role="rowheader">{escape(first)}</th>{cells}</tr>'
    yield "</tbody></table></div>"


def _region(label: str) -> str:
    """The beginning of what scrolls by itself where the page is narrow, also by the keyboard."""
    return f'<div class="wide" role="region" aria-label="{escape(label)}" tabindex="0">'


def _cell(head: str, cell: str) -> str:
    kind = f' class="{cell}"' if cell in {"yes", "no"} else ""
    return f'<td{kind} role="cell" data-label="{escape(head)}">{escape(cell)}</td>'


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z]+", "-", title.lower()).strip("-")


def pictures(svg: str, standing: str, alt: str) -> str:
    """A picture for wide pages and paper, and the same for narrow pages; one of them is shown."""
    if not standing:
        return picture(svg, alt)
    return f'<div class="lying">{picture(svg, alt)}</div><div class="standing">{picture(standing, alt)}</div>'


def picture(svg: str, alt: str) -> str:
    """A picture by a program, of which only shapes and text stay: no script, no style, no link to anywhere."""
    if "<!ENTITY" in svg:
        return ""
    try:
        root = ElementTree.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", svg))  # noqa: S314 (no entities are in it)
    except ElementTree.ParseError:
        return ""
    drawn = _drawn(root)
    return drawn.replace("<svg", f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(alt)}"', 1)


def _drawn(element: ElementTree.Element) -> str:
    tag = element.tag.removeprefix(_SVG)
    if tag not in _TAGS:
        return "".join(map(_drawn, element)) if tag == "a" else ""
    if tag == "title":
        return ""  # Graphviz writes its names of nodes there, which a pointer would show
    known = {name: value for name, value in element.attrib.items() if name in _ATTRIBUTES}
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in known.items())
    inner = escape(element.text or "") if tag == "text" else ""
    return f"<{tag}{attributes}>{inner}{''.join(map(_drawn, element))}</{tag}>"
