"""Languages in which programs are judged, and how tests and programs come together in each.

`apart`: a process for the program, another for the tests, which get plain values across. `shared`: one text, as the
tests of a compiled language need it; its end prints what stands in standard input, so that ending early is no pass.
"""

import shutil
from dataclasses import dataclass
from typing import Literal

from sinan.errors import UnknownName, UsageError
from sinan.sandbox.view import ENVIRONMENT

SEEN = ENVIRONMENT["PATH"]


@dataclass(frozen=True)
class Language:
    """One language: its names, and for a program in one text with its tests, how that is built, run and ended."""

    name: str
    tags: tuple[str, ...]
    """What a fenced block says that holds it; the first is what prompts use."""
    runs: Literal["apart", "shared"]
    needs: tuple[str, ...] = ()
    """Programs of the machine, beside Python."""
    file: str = ""
    """Where a program in one text with its tests stands."""
    build: str = ""
    """A line of shell before it is run; empty: it is run as it is."""
    run: str = ""
    last: str = ""
    """The statement at the end of the tests that shows they came so far."""
    before: str = ""
    """Where `last` goes: in front of the last of these; empty: behind everything."""
    first: str = ""
    """What the text begins with, so that `last` can be there."""
    extra: tuple[tuple[str, str], ...] = ()
    """Further files: name and text."""


_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData -Xss64m -Xmx512m"
_GO = (
    'package main\n\nimport (\n\t"fmt"\n\t"io"\n\t"os"\n)\n\n'
    "func sinanEnd() {\n\tall, _ := io.ReadAll(os.Stdin)\n\tfmt.Println()\n\tfmt.Println(string(all))\n}\n"
)
_PERL = r"""package Data::Compare;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT = ('Compare');

# As the module of this name: by structure; what is no reference is compared as text.
sub Compare {
    my ($one, $other) = @_;
    return !defined $one && !defined $other if !defined $one || !defined $other;
    return 0 if ref $one ne ref $other;
    return $one eq $other if !ref $one || ref $one eq 'CODE' || ref $one eq 'Regexp';
    return Compare($$one, $$other) if ref $one eq 'SCALAR' || ref $one eq 'REF';
    if (UNIVERSAL::isa($one, 'ARRAY')) {
        return 0 if @$one != @$other;
        for my $i (0 .. $#$one) { return 0 if !Compare($one->[$i], $other->[$i]); }
        return 1;
    }
    return 0 if keys %$one != keys %$other;
    for my $key (keys %$one) { return 0 if !exists $other->{$key} || !Compare($one->{$key}, $other->{$key}); }
    return 1;
}

1;
"""
LANGUAGES = {
    one.name: one
    for one in (
        Language("python", ("python", "python3", "py"), "apart"),
        Language("javascript", ("javascript", "js", "node"), "apart", ("node", "bash")),
        Language("bash", ("bash", "sh", "shell"), "apart", ("bash",)),
        Language(
            "java",
            ("java",),
            "shared",
            ("javac", "java", "bash"),
            "Main.java",
            "javac -J-XX:TieredStopAtLevel=1 -J-XX:+UseSerialGC -J-XX:-UsePerfData -J-Xmx512m -nowarn Main.java",
            f"java {_JAVA} -cp . Main",
            "try { System.out.println(); System.out.println(new String(System.in.readAllBytes())); } "
            "catch (java.io.IOException sinan) { }",
            "}\n}",
        ),
        Language(
            "cpp",
            ("cpp", "c++", "cc"),
            "shared",
            ("g++", "bash"),
            "main.cpp",
            "g++ -o main main.cpp",
            "./main",
            "std::cout << std::endl << std::cin.rdbuf() << std::endl;",
            "return 0;",
            "#include <iostream>\n",
        ),
        Language(
            "go",
            ("go", "golang"),
            "shared",
            ("go", "bash"),
            "main.go",
            "HOME=$PWD GOCACHE=$PWD/.cache GOFLAGS=-mod=mod go build -o main main.go sinan_end.go",
            "./main",
            "sinanEnd()",
            "}",
            extra=(("sinan_end.go", _GO),),
        ),
        Language(
            "php",
            ("php",),
            "shared",
            ("php",),
            "main.php",
            "",
            "php main.php",
            "echo PHP_EOL, stream_get_contents(STDIN), PHP_EOL;",
        ),
        Language("ruby", ("ruby", "rb"), "shared", ("ruby",), "main.rb", "", "ruby main.rb", 'puts "", STDIN.read'),
        Language(
            "perl",
            ("perl", "pl"),
            "shared",
            ("perl",),
            "main.pl",
            run="perl -I. main.pl",
            last='print "\\n", <STDIN>, "\\n";',
            extra=(("Data/Compare.pm", _PERL),),
        ),
    )
}
"""By name."""

_OTHER_NAMES = {"sh": "bash", "js": "javascript", "py": "python", "c++": "cpp", "pl": "perl", "rb": "ruby"}


def language(name: str) -> Language:
    """The language of a name, also of a short one. Raises UnknownName."""
    found = LANGUAGES.get(_OTHER_NAMES.get(name.lower(), name.lower()))
    if found is None:
        raise UnknownName(name, "language", LANGUAGES, f"Programs are run in {', '.join(LANGUAGES)}.")
    return found


def missing(name: str) -> tuple[str, ...]:
    """The programs that a language needs and that are not where the sandbox sees them: a home, such as a version
    manager's, is not seen."""
    return tuple(program for program in language(name).needs if shutil.which(program, path=SEEN) is None)


def refuse_missing(what: str, name: str) -> None:
    """Raises UsageError where the programs of a language are not all here; `what` is asked in it."""
    if absent := missing(name):
        verb = "are" if len(absent) > 1 else "is"
        here = [one for one in LANGUAGES if not missing(one)]
        raise UsageError(
            f"{what} runs programs in {name}, and {' and '.join(absent)} {verb} not in {SEEN}. Remedy: "
            f"install {' and '.join(absent)}, or ask the subsets that can be run here ({', '.join(here)})"
        )
