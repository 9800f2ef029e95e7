"""Database servers on loopback, each in a folder of its own that goes with it.

PostgreSQL refuses to run as root, so it needs root to become its own user; MariaDB likewise.
"""

import glob
import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

_START_SECONDS = 60.0


def missing(name):
    """Why a server cannot be started here, or None."""
    if os.geteuid() != 0:
        return "a database server is started as its own user, which needs root"
    if _program({"postgresql": "postgres", "mariadb": "mariadbd"}[name]) is None:
        return f"{name} is not installed; `make test-databases` as root installs it"
    return None


@contextmanager
def postgresql():
    """The URL of an empty database."""
    with _folder("postgres") as folder, _port() as port:
        data, log = folder / "data", folder / "log"
        programs = Path(_program("postgres")).parent
        _as("postgres", programs / "initdb", "-D", data, "-U", "tests", "--auth=trust", "-N")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        start = [programs / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w"]
        _as("postgres", *start, "start")
        try:
            yield f"postgresql+psycopg://tests@127.0.0.1:{port}/postgres"
        finally:
            _as("postgres", *start, "-m", "immediate", "stop")


@contextmanager
def mariadb():
    """The URL of an empty database."""
    with _folder("mysql") as folder, _port() as port:
        data = folder / "data"
        _run("mariadb-install-db", "--no-defaults", "--user=mysql", f"--datadir={data}")
        (folder / "init.sql").write_text(
            "CREATE DATABASE tests;\n"
            "CREATE USER tests@'127.0.0.1' IDENTIFIED BY 'tests';\n"
            "GRANT ALL ON tests.* TO tests@'127.0.0.1';\n"
        )
        server = subprocess.Popen(
            [
                *(_program("mariadbd"), "--no-defaults", "--user=mysql", f"--datadir={data}"),
                *(f"--socket={folder}/socket", f"--port={port}", "--bind-address=127.0.0.1"),
                *(f"--init-file={folder}/init.sql", f"--pid-file={folder}/pid"),
                "--skip-name-resolve",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(port, server)
            yield f"mysql+pymysql://tests:tests@127.0.0.1:{port}/tests"
        finally:
            server.terminate()
            server.wait(timeout=_START_SECONDS)


def _program(name):
    """The path of a program, also where Debian keeps it off the PATH; None if there is none."""
    places = [*glob.glob("/usr/lib/postgresql/*/bin"), "/usr/sbin"]
    return next(
        filter(None, [shutil.which(name), *(shutil.which(name, path=p) for p in places)]), None
    )


@contextmanager
def _folder(user):
    """A folder that a user owns, outside of those that only root may enter."""
    folder = Path(tempfile.mkdtemp(prefix="l2l-database-"))
    try:
        shutil.chown(folder, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    yield port


def _as(user, *command):
    _run("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *command)


def _run(*command):
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, cwd="/", check=False
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout} {done.stderr}"


def _wait_for(port, server):
    """Until the server takes connections."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        assert server.poll() is None, "the server stopped"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server did not answer")
