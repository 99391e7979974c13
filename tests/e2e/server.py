"""Starts the real binary, and tells what it left behind when it is gone."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("LANTHORN_BIN", ROOT / "target/debug/lanthorn"))
USER = os.environ.get("LANTHORN_TEST_USER")
START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 60


class Server:
    """One `lanthorn serve` on a free port with a data directory of its own.

    `user` starts it as that ordinary user, from a copy of the binary that everybody can read; LANTHORN_TEST_USER
    does so for every server.
    """

    def __init__(self, *args, data=None, user=USER, env=None):
        self.user = user
        self._own_data = data is None
        self.data = pathlib.Path(data or tempfile.mkdtemp(prefix="lanthorn-test-"))
        self.binary = BINARY
        if user:
            self._home = pathlib.Path(tempfile.mkdtemp(prefix="lanthorn-home-"))
            self._home.chmod(0o755)
            self.binary = self._home / "lanthorn"
            try:
                os.link(BINARY, self.binary)
            except OSError:
                shutil.copy2(BINARY, self.binary)
            if self._own_data:
                shutil.chown(self.data, user, None)
        self.args = list(args)
        self.env = {**os.environ, **(env or {})}
        self.process = None
        self.url = None
        self.lines = []
        try:
            self.start()
        except BaseException:
            self.kill()
            self._remove()
            raise

    def start(self):
        command = [str(self.binary), "serve", "--data", str(self.data), "--listen", "127.0.0.1:0", *self.args]
        env = dict(self.env)
        command = self.as_user(command)
        if self.user:
            env["HOME"] = str(self.data)
        self.process = subprocess.Popen(
            command, env=env, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        listening = threading.Event()

        def read():
            for line in self.process.stdout:
                self.lines.append(line)
                found = re.search(r"listening on (http://\S+)", line)
                if found:
                    self.url = found[1]
                    listening.set()
            listening.set()

        self._reader = threading.Thread(target=read, daemon=True)
        self._reader.start()
        assert listening.wait(START_TIMEOUT_S) and self.url, "the server did not start:\n" + "".join(self.lines)

    def as_user(self, command):
        """`command` as the server's user runs it."""
        if not self.user:
            return command
        return ["setpriv", f"--reuid={self.user}", "--regid=nogroup", "--clear-groups", *command]

    def runtimes(self):
        """The runtimes the server's user can run."""
        command = self.as_user([str(self.binary), "runtime", "list", "--data", str(self.data)])
        listed = subprocess.run(command, env=self.env, cwd="/", capture_output=True, text=True, check=True).stdout
        return [line.split()[0] for line in listed.splitlines() if line.strip()]

    @property
    def port(self):
        return int(self.url.rsplit(":", 1)[1])

    def terminate(self):
        """SIGTERM, then waits until it is gone."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_TIMEOUT_S)
        self._reader.join(STOP_TIMEOUT_S)
        return code

    def kill(self):
        """SIGKILL, then waits until it is gone."""
        self.process.kill()
        self.process.wait(STOP_TIMEOUT_S)

    def restart(self):
        self.url = None
        self.start()

    def close(self):
        self.terminate()
        self._remove()

    def _remove(self):
        if self._own_data:
            shutil.rmtree(self.data)
        if self.user:
            shutil.rmtree(self._home)

    def descendants(self):
        """Every process below the server: pid → command line."""
        listing = subprocess.run(["ps", "-e", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
        rows = [line.split(None, 2) for line in listing.splitlines()]
        below, found = {str(self.process.pid)}, {}
        grown = True
        while grown:
            grown = False
            for pid, parent, *command in rows:
                if parent in below and pid not in below:
                    below.add(pid)
                    found[int(pid)] = " ".join(command)
                    grown = True
        return found
