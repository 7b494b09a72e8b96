"""A card as a reader sees it: headings, tables and code blocks of its Markdown."""

from dataclasses import dataclass, field

from markdown_it import MarkdownIt

Table = list[list[str]]


@dataclass
class Section:
    """What stands below one heading; cells are plain text, the first row of a table is its header."""

    title: str
    tables: list[Table] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    text: str = ""

    def table(self, first: str) -> Table:
        """Find the table whose header begins with `first`."""
        return next(table for table in self.tables if table[0][0] == first)


def html(card: str) -> str:
    return str(parser().render(body(card)))


def body(card: str) -> str:
    return card.split("---\n", 2)[2]


def parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def sections(card: str) -> dict[str, Section]:
    """Take a card apart, by heading of the second level."""
    found = [Section("")]
    tokens = parser().parse(body(card))
    for i, token in enumerate(tokens):
        text = "".join(child.content for child in token.children or ())
        if token.type == "heading_open" and token.tag == "h2":
            found.append(Section(tokens[i + 1].content))
        elif token.type == "table_open":
            found[-1].tables.append([])
        elif token.type == "tr_open":
            found[-1].tables[-1].append([])
        elif token.type == "inline" and tokens[i - 1].type in ("td_open", "th_open"):
            found[-1].tables[-1][-1].append(text)
        elif token.type == "inline":
            found[-1].text += text + "\n"
        elif token.type == "fence":
            found[-1].code.append(token.content)
    return {section.title: section for section in found}
