"""Documents that fail when they are wrong.

Writes docs/benchmarks.md (from the cards) and docs/commands.md (from the command line's own options). Then checks, in
every document, that links lead somewhere and that the commands and make targets shown exist. With `--check` nothing is
written: a page that would differ is a fault as well.
"""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
LINK = re.compile(r"(?<!\!)\[[^\]\n]*\]\(([^)\s]+)\)|!\[[^\]\n]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
INLINE = re.compile(r"`((?:sinan|make) [^`\n]+)`")
ASSIGNMENT = re.compile(r"[A-Z_]+=\S*")
VALUES = {"integer range": "N", "float range": "X", "choice": "WORD", "directory": "DIR"}
GENERATED = "<!-- written by tools/docs.py; do not edit -->\n\n"


def main() -> None:
    pages = {DOCS / "benchmarks.md": benchmarks_page(), DOCS / "commands.md": commands_page()}
    faults = []
    for path, text in pages.items():
        if "--check" not in sys.argv[1:]:
            path.write_text(text, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            faults.append(f"{name(path)} is stale: make docs")
    for path in documents():
        text = path.read_text("utf-8")
        faults += [f"{name(path)}: {fault}" for fault in (*broken_links(path, text), *unknown_commands(text))]
    faults += missing_pages()
    print("\n".join(faults) or f"{len(documents())} documents, no fault", file=sys.stderr if faults else sys.stdout)
    sys.exit(bool(faults))


def documents() -> list[Path]:
    """Every document of the project."""
    return [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md")), *sorted((ROOT / "bench").glob("*.md"))]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def broken_links(path: Path, text: str) -> Iterator[str]:
    """Links inside the project that lead nowhere; addresses on the network are not asked."""
    for match in LINK.finditer(FENCE.sub("", text)):
        target = match[1] or match[2]
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        place = (path.parent / file).resolve() if file else path
        if not place.exists():
            yield f"{target} leads nowhere"
        elif anchor and anchor not in anchors(place):
            yield f"{target}: {place.name} has no such heading"


def anchors(path: Path) -> set[str]:
    """What the headings of a page are called in links."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def unknown_commands(text: str) -> Iterator[str]:
    """Shown commands that name a command, an option or a make target that is not there."""
    for line in shown(text):
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            yield f"`{line}` cannot be read as a command: {error}"
            continue
        while words and ASSIGNMENT.fullmatch(words[0]):
            words = words[1:]
        if words[:1] == ["sinan"]:
            yield from wrong_words(line, words[1:])
        elif words[:1] == ["make"]:
            targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
            yield from (
                f"`{line}`: make has no {word}" for word in words[1:] if word not in targets and "=" not in word
            )


def shown(text: str) -> Iterator[str]:
    """Commands in blocks marked console, sh or bash, and in running text."""
    for language, block in FENCE.findall(text):
        if language in ("console", "sh", "bash"):
            for line in block.replace("\\\n", " ").splitlines():
                yield from line.removeprefix("$ ").split(" | ")[:1]
    yield from INLINE.findall(FENCE.sub("", text))


def wrong_words(line: str, words: list[str]) -> Iterator[str]:
    """What the command line does not know in these words."""
    command: click.Command = program()
    context = click.Context(command, info_name="sinan")
    for number, word in enumerate(words):
        if word.startswith("-") and len(word) > 1:
            known = {option for parameter in command.get_params(context) for option in parameter.opts}
            if word.partition("=")[0] not in known:
                yield f"`{line}`: {context.command_path} has no {word}"
        elif isinstance(command, click.Group):
            inner = command.get_command(context, word)
            if inner is None:
                yield f"`{line}`: {context.command_path} has no command {word}"
                return
            command, context = inner, click.Context(inner, info_name=word, parent=context)
        elif number == 0:
            return


def program() -> click.Group:
    from sinan.cli.main import program as group

    assert isinstance(group, click.Group)
    return group


def missing_pages() -> Iterator[str]:
    """Every page for readers has its Chinese twin; every room has its page."""
    generated = {"benchmarks.md", "commands.md"}
    for path in sorted(DOCS.glob("*.md")):
        if path.name not in generated and not (DOCS / "zh" / path.name).exists():
            yield f"{name(path)} has no docs/zh/{path.name}"
    for room in sorted((ROOT / "src" / "sinan").iterdir()):
        if (room / "__init__.py").exists() and not (DOCS / "rooms" / f"{room.name}.md").exists():
            yield f"{name(room)} has no docs/rooms/{room.name}.md"


def commands_page() -> str:
    """One section per command, from the options themselves."""
    sections = [section for path, command in commands("sinan", program()) for section in command_section(path, command)]
    return GENERATED + "# Commands\n\n" + "\n".join(sections).rstrip() + "\n"


def commands(path: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group, info_name=path)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(f"{path} {word}", command)
        else:
            yield f"{path} {word}", command


def command_section(path: str, command: click.Command) -> Iterator[str]:
    arguments = [p.make_metavar(click.Context(command)) for p in command.params if isinstance(p, click.Argument)]
    yield f"## {path}\n"
    yield " ".join((command.help or "").split()) + "\n"
    yield f"```text\n{' '.join([path, *arguments, '[OPTIONS]'])}\n```\n"
    yield "| option | |\n|---|---|"
    yield from (option_row(option) for option in command.params if isinstance(option, click.Option))
    yield ""


def option_row(option: click.Option) -> str:
    words = [" ".join((option.help or "").split())]
    if option.show_default and option.default is not None:
        words.append(f"Default: {option.default}.")
    if isinstance(option.type, click.Choice):
        words.append(f"One of {', '.join(option.type.choices)}.")
    value = "" if option.is_flag else f" {option.metavar or VALUES.get(option.type.name, option.type.name.upper())}"
    names = ", ".join(f"`{word}{value}`" for word in option.opts)
    return cells(names.replace("|", "\\|"), " ".join(filter(None, words)))


def benchmarks_page() -> str:
    """A table of all, then a section per benchmark, from the cards."""
    from sinan import catalog

    found = [catalog.load(name) for name in catalog.names()]
    rows = [benchmark_row(benchmark) for benchmark in found]
    head = "| benchmark | dimension | languages | samples | metric | measures |\n|---|---|---|--:|---|---|\n"
    sections = [section for benchmark in found for section in benchmark_section(benchmark)]
    intro = "# Benchmarks\n\nOne question of any of them as it is asked: `sinan hub show ID`.\n\n"
    return GENERATED + intro + head + "\n".join(rows) + "\n\n" + "\n".join(sections).rstrip() + "\n"


def benchmark_row(benchmark: Any) -> str:
    card, size = benchmark.card, benchmark.dataset.size
    samples = "" if size is None else f"{size:,}"
    link = f"[{benchmark.id}](#{benchmark.id})"
    return cells(link, card.dimension, " ".join(card.languages), samples, benchmark.metric.name, card.measures)


def benchmark_section(benchmark: Any) -> Iterator[str]:
    card = benchmark.card
    yield f"## {benchmark.id}\n"
    yield f"**{card.title}.** {card.measures} {card.note}".strip() + "\n"
    subsets = [subset for subset in benchmark.dataset.subsets if subset]
    facts = {
        "licence": card.licence,
        "source": card.source,
        "paper": re.sub(r"^(\d{4}\.\d{4,5})$", r"[arXiv:\1](https://arxiv.org/abs/\1)", card.paper),
        "guessing gets": "" if card.chance is None else f"{100 * card.chance:.1f} %",
        "subsets": f"{len(subsets)}: {', '.join(subsets)}" if subsets else "",
    }
    yield from (f"- {key}: {value}" for key, value in facts.items() if value)
    for name, protocol in benchmark.protocols.items():
        asks = {"generate": "generation", "loglikelihood": "log-likelihood"}.get(
            protocol.solver.needs, protocol.solver.needs
        )
        yield f"- protocol `{name}`: {asks}, {protocol.shots} worked examples, judged by `{protocol.scorer!r}`"
    yield ""


def cells(*words: str) -> str:
    return f"| {' | '.join(words)} |"


if __name__ == "__main__":
    main()
