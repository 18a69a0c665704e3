"""`make bench`: what the harness costs beside what it must cost. Writes bench/RESULTS.md.

    python bench/run.py                     every section, about a quarter of an hour
    python bench/run.py kills sharing       these alone; the parts of the others stay as they are
    python bench/run.py --long million      as large as they get: a million samples, 200 kills, slow peers
    python bench/run.py --small             every section in a minute or two, to see that it works; writes nothing

Environment: BENCH_PEERS=DIR names a folder of virtual environments with other harnesses (DIR/lm-eval, DIR/inspect);
BENCH_CLIENTS=PYTHON another interpreter for the HTTP clients and JSON libraries; TMPDIR where the files are written.
"""

import argparse
import compileall
import datetime
import importlib
import importlib.util
import sys
import time
import traceback

import figures
import results
from processes import Violation

SECTIONS = (
    "startup",
    "clients",
    "throughput",
    "longest_first",
    "faults",
    "rate",
    "million",
    "web_samples",
    "comparing",
    "kills",
    "sharing",
    "bundled",
    "likelihoods",
    "local_memory",
    "mathematics",
    "code",
    "coverage",
    "judged",
    "stopping",
    "web",
)


def main() -> int:
    """The exit code: 1 where a section broke, or found what may never be; its part stays as it was."""
    options = _options()
    _compile()
    modules = {name: importlib.import_module(f"sections.{name}") for name in SECTIONS}
    titles = [module.TITLE for module in modules.values()]
    broken = []
    for name in options.sections or SECTIONS:
        began, lines = time.monotonic(), [results.machine(datetime.date.today()), ""]
        print(f"\n## {modules[name].TITLE}\n", flush=True)
        try:
            for line in modules[name].lines(options.size):
                print(line, flush=True)
                lines.append(line)
        except (Exception, SystemExit) as error:  # the other sections are measured all the same
            print(f"\n{'VIOLATED' if isinstance(error, Violation) else 'BROKEN'} ({name}): {error}", flush=True)
            if not isinstance(error, Violation | SystemExit):
                traceback.print_exc()
            broken.append(name)
            continue
        print(f"\n({name}: {time.monotonic() - began:.0f} s)", flush=True)
        if options.size != "small":
            before = results.PATH.read_text() if results.PATH.exists() else ""
            results.PATH.write_text(results.replaced(before, titles, {modules[name].TITLE: lines}))
            if name in ("coverage", "stopping"):
                figures.main()
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--long", dest="size", action="store_const", const="long", default="usual")
    parser.add_argument("--small", dest="size", action="store_const", const="small")
    options = parser.parse_args()
    unknown = [name for name in options.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"no section is called {unknown[0]}; there are {', '.join(SECTIONS)}")
    return options


def _compile() -> None:
    """Byte code of sinan as an installed package has it: without it a start takes half a second longer."""
    spec = importlib.util.find_spec("sinan")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        compileall.compile_dir(folder, quiet=1)


if __name__ == "__main__":
    sys.exit(main())
