#!/bin/sh
# The main job in a minute: this repository's schema on an empty development database, then a change of it.
set -eu
cd "$(dirname "$0")"
PATH="$PWD/.venv/bin:$PATH"
# Whatever database the shell names is none of the demo's business.
unset DATABASE_URL PGHOST PGHOSTADDR PGPORT PGUSER PGPASSWORD PGDATABASE PGSERVICE DBSYNC_DATABASE 2>/dev/null || true

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT INT TERM
folder="$home/optimizer"
mkdir "$folder"
cp schema.sql seeds.sql "$folder"
cd "$folder"
DBSYNC_SCRATCH=embedded
export DBSYNC_SCRATCH

say() { printf '\n\033[1m── %s\033[0m\n\n' "$1"; }
run() { printf '$ dbsync %s\n' "$*"; dbsync "$@"; }

say "An empty development database, and the Optimizer's schema.sql"
run plan
run apply --yes

say "A second plan is empty"
run plan --exit-code

say "Edit the file: a column, an index, an enum value, a view"
cat > edit.py <<'PY'
import pathlib

file = pathlib.Path("schema.sql")
text = file.read_text()
text = text.replace("'FAILED', 'CANCELED')", "'FAILED', 'CANCELED', 'PAUSED')")
text = text.replace("    user_prompt  text,\n", "    user_prompt  text,\n    priority     smallint    NOT NULL DEFAULT 0,\n")
text += """
CREATE INDEX idx_jobs_priority ON jobs (priority DESC, created_at);

CREATE VIEW credits_left AS
    SELECT instance_id, site_host, credits_total - credits_used_month AS credits
    FROM app_instances;
"""
file.write_text(text)
PY
python edit.py
run plan
run apply --yes

say "And the database is what the file says"
run plan --exit-code
run history
