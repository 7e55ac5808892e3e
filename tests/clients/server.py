"""Starts a Quarry server on a free port and an empty folder, for the client tests."""

import socket
import subprocess
import sys
import tempfile
import time
import urllib.request


class Server:
    """`with Server(binary, master_key) as server:` gives `server.url`."""

    def __init__(self, binary, master_key):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.command = [binary, "--http-addr", f"127.0.0.1:{self.port}", "--master-key", master_key, "--no-analytics"]

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen([*self.command, "--db-path", f"{self.folder.name}/db"], cwd=self.folder.name,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.url}/health", timeout=1)
                return self
            except OSError:
                time.sleep(0.1)
        raise SystemExit("the server did not start in 30 seconds")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.folder.cleanup()


if __name__ == "__main__":
    # `server.py BINARY MASTER_KEY COMMAND ...` runs a command with the address as its last argument.
    with Server(sys.argv[1], sys.argv[2]) as running:
        sys.exit(subprocess.run([*sys.argv[3:], running.url, sys.argv[2]], check=False).returncode)
