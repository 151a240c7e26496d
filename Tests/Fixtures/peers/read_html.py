"""Parses a page strictly with html5lib, and says as JSON what it would load, run and show.

Usage: read_html.py FILE
"""
from __future__ import annotations

import base64
import hashlib
import json
import re
import sys

import html5lib

HTML = "{http://www.w3.org/1999/xhtml}"


def text_of(element: object | None) -> str:
    return "" if element is None else "".join(element.itertext())


def digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def main() -> int:
    with open(sys.argv[1], encoding="utf-8") as file:
        source = file.read()
    # Raises an error for all that is not as the standard wants it.
    document = html5lib.HTMLParser(strict=True).parse(source)
    elements = [element for element in document.iter() if isinstance(element.tag, str)]
    # What an element would fetch; fragments of the page itself are none.
    loads = [
        value
        for element in elements
        for name, value in element.attrib.items()
        if name.split("}")[-1] in ("src", "href", "srcset", "data", "action", "poster")
        and not value.startswith("#")
    ]
    handlers = [
        name for element in elements for name in element.attrib
        if name.startswith("on") or name == "style"
    ]
    styles = [text_of(element) for element in elements if element.tag == HTML + "style"]
    scripts = [text_of(element) for element in elements if element.tag == HTML + "script"]
    loads += re.findall(r"url\(|@import", "".join(styles))
    policy = next(element.attrib["content"] for element in elements
                  if element.attrib.get("http-equiv") == "Content-Security-Policy")
    ids = {element.attrib["id"] for element in elements if "id" in element.attrib}
    links = {element.attrib["href"][1:] for element in elements
             if element.attrib.get("href", "").startswith("#")}
    print(json.dumps({
        "loads": loads, "handlers": handlers, "dangling": sorted(links - ids),
        "allowed": all(digest(text) in policy for text in styles + scripts),
        "scripts": len(scripts), "policy": policy,
        "headings": [text_of(e) for e in elements if e.tag == HTML + "h2"],
        "tables": {
            text_of(table.find(HTML + "caption")): len(table.find(HTML + "tbody"))
            for table in elements if table.tag == HTML + "table"
        },
        "charts": [e.attrib["aria-label"] for e in elements
                   if e.tag.endswith("}svg") and e.attrib["aria-label"]],
    }))
    return 0


if __name__ == "__main__":
    sys.exit(main())
