"""Write the migration from what the migrations make to what web/service/tables.py says: python tools/migration.py WORDS

A migration that was released is never changed; look at what was written before committing it.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command

from sinan.web.service.database import Database, migrations

message = " ".join(sys.argv[1:]) or sys.exit("tools/migration.py: say what changes, in a few words")
with tempfile.TemporaryDirectory() as folder:
    database = Database(f"sqlite:///{folder}/empty.db")
    database.migrate()
    with database.engine.connect() as connection:
        config = migrations()
        config.attributes["connection"] = connection
        versions = Path(config.get_main_option("script_location") or "") / "versions"
        number = f"{1 + max((int(p.name[:4]) for p in versions.glob('[0-9]*.py')), default=0):04d}"
        script = command.revision(config, message, autogenerate=True, rev_id=number)
path = Path(script.path)  # type: ignore[union-attr]
text = path.read_text("utf-8").replace("import sinan.web.service.tables\n", "")
for sqlite, every in (("0", "false"), ("1", "true")):  # PostgreSQL takes no number for a truth
    text = re.sub(rf"(sa\.Boolean\(\),\s*server_default=)sa\.text\([\"']{sqlite}[\"']\)", rf"\1sa.{every}()", text)
path.write_text(re.sub(r"\n\n\n+def", "\n\n\ndef", text), "utf-8")
for how in (["check", "--fix", "--quiet"], ["format", "--quiet"]):
    subprocess.run([sys.executable, "-m", "ruff", *how, str(path)], check=False)
print(path)
