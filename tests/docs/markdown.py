"""The project's documents as tests read them: blocks of code, tables, headings and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

_BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_PICTURE = re.compile(r'<(?:img|a)\b[^>]*(?:src|href)="([^"]+)"')
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """A block of code and the language that it is marked with."""

    language: str
    code: str


@dataclass(frozen=True)
class Document:
    """One file of Markdown, relative to the repository."""

    name: str

    @property
    def path(self) -> Path:
        return REPOSITORY / self.name

    @property
    def text(self) -> str:
        return self.path.read_text()

    @property
    def prose(self) -> str:
        """Everything but the blocks of code."""
        return _BLOCK.sub("", self.text)

    def blocks(self, *languages: str) -> list[Block]:
        """The blocks from top to bottom, of the given languages if any are given."""
        found = [Block(*match.groups()) for match in _BLOCK.finditer(self.text)]
        return [block for block in found if not languages or block.language in languages]

    def typed(self) -> list[str]:
        """The command lines that are shown to be typed."""
        return [line[2:] for block in self.blocks("console") for line in block.code.splitlines() if line[:2] == "$ "]

    def anchors(self) -> set[str]:
        """What a link to a heading may name: lower case, blanks as hyphens, no punctuation."""
        titles = (re.sub(r"[^\w\- ]", "", title.lower()) for title in _HEADING.findall(self.prose))
        return {title.strip().replace(" ", "-") for title in titles}

    def links(self) -> Iterator[str]:
        """The targets of all links inside the project."""
        return (link for link in (*_LINK.findall(self.prose), *_PICTURE.findall(self.prose)) if ":" not in link)

    def table(self, first_header: str) -> list[list[str]]:
        """The rows of the one table whose first column has this header, without header and rule."""
        tables = [table for table in self._tables() if table[0][0] == first_header]
        assert len(tables) == 1, f"{self.name} has {len(tables)} tables that begin with {first_header!r}"
        return tables[0][2:]

    def rows(self, first_header: str) -> list[list[str]]:
        """The rows of all tables whose first column has this header, without headers and rules."""
        return [row for table in self._tables() if table[0][0] == first_header for row in table[2:]]

    def _tables(self) -> Iterator[list[list[str]]]:
        for lines in re.findall(r"(?:^\|.*\|\n)+", self.prose, re.MULTILINE):
            yield [[cell.strip() for cell in line.strip("|").split("|")] for line in lines.splitlines()]


def code_in(text: str) -> list[str]:
    """What stands in backticks."""
    return _CODE.findall(text)


def documents_named_in_the_program() -> set[str]:
    """The files of `docs/` to which a message or a docstring refers."""
    sources = [path.read_text() for path in (REPOSITORY / "syft_notify").rglob("*.py")]
    return {name for source in sources for name in re.findall(r"docs/[\w-]+\.md", source)}


README = Document("README.md")
CHANGELOG = Document("CHANGELOG.md")
CONTRIBUTING = Document("CONTRIBUTING.md")
ARCHITECTURE = Document("docs/architecture.md")
CONFIGURATION = Document("docs/configuration.md")
EVENTS = Document("docs/events.md")
STATE = Document("docs/state.md")
TROUBLESHOOTING = Document("docs/troubleshooting.md")
DAEMON = Document("DAEMON_README.md")
SYSTEMD = Document("systemd/README.md")
LOGGING = Document("LOGGING_INTEGRATION.md")

_FOLDERS = [path for path in REPOSITORY.iterdir() if path.is_dir() and not path.name.startswith(".")]
DOCUMENTS = tuple(
    Document(path.relative_to(REPOSITORY).as_posix())
    for path in sorted([*REPOSITORY.glob("*.md"), *(path for folder in _FOLDERS for path in folder.rglob("*.md"))])
)
