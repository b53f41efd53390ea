"""An exchange that is nobody's Python: nginx on loopback, with TLS, and one answer to everything.

The answer is the documented reply to a cancel, with the id that was asked for where it stands in
the query. Debian's nginx-light is enough. Nothing is logged; it is gone with whoever asked for it.
"""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import trustme
from bench import fail
from loopback import Loopback, cancel_reply

_ID: Final = "123445"
_TIME: Final = "1700000000000"
_PATIENCE: Final = 10.0

# `$msec` is seconds with three digits behind the point; the map takes the point out.
_CONFIGURATION: Final = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    types {{ }}
    default_type application/json;
    map $arg_strategyId $id {{ "~^[0-9]+$" $arg_strategyId; default {id}; }}
    map $msec $now {{ "~^(?<s>[0-9]+)\\.(?<ms>[0-9]+)$" $s$ms; default {time}; }}
    server {{
        listen 127.0.0.1:{http};
        listen 127.0.0.1:{https} ssl;
        ssl_certificate {folder}/server.pem;
        ssl_certificate_key {folder}/server.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        location / {{
            add_header X-MBX-USED-WEIGHT-1M 1;
            return 200 '{body}';
        }}
    }}
}}
"""


def found() -> str | None:
    """Its path, where it is installed."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def nginx(binary: str) -> Iterator[Loopback]:
    """Run it.

    Args:
        binary: Its path.
    """
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1")
        certificate.private_key_pem.write_to_path(folder / "server.key")
        for part in certificate.cert_chain_pems:
            part.write_to_path(folder / "server.pem", append=True)
        http, https = _free_port(), _free_port()
        body = cancel_reply(int(_TIME), int(_ID)).decode()
        body = body.replace(_ID, "$id").replace(_TIME, "$now")
        (folder / "nginx.conf").write_text(
            _CONFIGURATION.format(
                folder=folder,
                http=http,
                https=https,
                body=body,
                id=_ID,
                time=_TIME,
            )
        )
        command = [binary, "-p", str(folder), "-c", str(folder / "nginx.conf")]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
            try:
                _wait(process, https)
                yield Loopback(
                    f"http://127.0.0.1:{http}",
                    f"https://127.0.0.1:{https}",
                    authority.cert_pem.bytes().decode(),
                )
            finally:
                process.terminate()


def about(binary: str) -> str:
    """Its name and version."""
    run = subprocess.run([binary, "-v"], check=True, capture_output=True, text=True)
    return run.stderr.strip().rpartition(" ")[2].replace("/", " ")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 1.0) as one:
                context.wrap_socket(one).close()
                return
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                fail("nginx does not start")
            time.sleep(0.02)
