"""A shop: the distribution's WordPress, a MariaDB of its own, and the plugin built and active."""

import getpass
import os
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from registry.core.settings import ROOT
from tests.support.folders import open_folder
from tests.support.waiting import eventually

PLUGIN = ROOT / "plugins" / "woocommerce"
_WORDPRESS = Path("/usr/share/wordpress")
_OLDEST = (6, 5)
_PROGRAMS = ("php", "phpunit", "mariadbd", "mariadb-install-db")
ADMIN = ("admin", "password of a test")
_PATH = os.pathsep.join((os.environ["PATH"], "/usr/sbin"))

_CONFIG = """<?php
define('DB_NAME', 'test');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{socket}');
define('DB_CHARSET', 'utf8mb4');
define('WP_HOME', 'http://' . ($_SERVER['HTTP_HOST'] ?? 'localhost'));
define('WP_SITEURL', WP_HOME);
define('WP_DEBUG', true);
define('WP_DEBUG_DISPLAY', false);
define('WP_DEBUG_LOG', '{log}');
define('DISABLE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('WP_ACCESSIBLE_HOSTS', '127.0.0.1');
defined('ABSPATH') || define('ABSPATH', __DIR__ . '/');
$table_prefix = 'wp_';
require_once ABSPATH . 'wp-settings.php';
"""
_INSTALL = """
define('WP_INSTALLING', true);
require 'wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';
add_filter('pre_wp_mail', '__return_true');
wp_install('Shop', $argv[1], 'shop@shop.example', false, '', $argv[2]);
get_role('administrator')->add_cap('manage_woocommerce');
update_option('WPLANG', 'vi');
update_option('woocommerce_address_autocomplete_enabled', 'yes');
foreach (['woocommerce/woocommerce.php', 'dia-chi-so/dia-chi-so.php'] as $plugin) {
    $done = activate_plugin($plugin);
    if (is_wp_error($done)) { fwrite(STDERR, $done->get_error_message()); exit(1); }
}
"""


def missing() -> str:
    """What this machine lacks for a shop; empty where it has everything."""
    programs = [name for name in _PROGRAMS if not shutil.which(name, path=_PATH)]
    return ", ".join([*programs, *([] if _wordpress_version() >= _OLDEST else ["WordPress 6.5"])])


def _wordpress_version() -> tuple[int, int]:
    path = _WORDPRESS / "wp-includes" / "version.php"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    found = re.search(r"\$wp_version = '(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


@dataclass(frozen=True)
class Shop:
    """The folder of its WordPress, and its address."""

    folder: Path
    url: str

    @property
    def log(self) -> str:
        """Warnings, notices and errors of PHP."""
        path = self.folder / "debug.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""


@contextmanager
def shop() -> Iterator[Shop]:
    """WordPress as a shop owner has it after installing the plugin's zip."""
    with open_folder() as folder, _mariadb(folder) as server:
        wordpress = folder / "wordpress"
        shutil.copytree(_WORDPRESS, wordpress, ignore=shutil.ignore_patterns("wp-content"))
        plugins = wordpress / "wp-content" / "plugins"
        (plugins / "woocommerce").mkdir(parents=True)
        for name in ("themes", "languages"):
            (plugins.parent / name).mkdir()
        # WordPress takes only a language of which it has a file; its own texts stay English.
        (plugins.parent / "languages" / "vi.l10n.php").write_text(
            "<?php return ['messages' => []];"
        )
        shutil.copy(PLUGIN / "tests" / "woocommerce.php", plugins / "woocommerce")
        with ZipFile(build(folder)) as archive:
            archive.extractall(plugins)
        config = _CONFIG.format(socket=server, log=wordpress / "debug.log")
        (wordpress / "wp-config.php").write_text(config, encoding="utf-8")
        _run("php", "-r", _INSTALL, *ADMIN, cwd=wordpress)
        with _php(wordpress) as url:
            yield Shop(wordpress, url)


def build(folder: Path) -> Path:
    """The plugin's zip."""
    return Path(_run(str(PLUGIN / "build"), str(folder)).strip())


def _run(*command: str, cwd: Path = ROOT) -> str:
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, env=os.environ | {"PATH": _PATH}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def _mariadb(folder: Path) -> Iterator[Path]:
    """The socket of a server with an empty database, which listens on nothing else."""
    options = ("--no-defaults", f"--datadir={folder / 'mariadb'}", f"--user={getpass.getuser()}")
    _run("mariadb-install-db", *options, "--auth-root-authentication-method=normal")
    (folder / "mariadb" / "test").mkdir(exist_ok=True)
    path = folder / "mariadb.sock"
    program = shutil.which("mariadbd", path=_PATH)
    assert program
    with _process(program, *options, f"--socket={path}", "--skip-networking"):
        eventually(path.exists, "MariaDB listens")
        yield path


@contextmanager
def _php(folder: Path) -> Iterator[str]:
    """The address of PHP's own web server over a folder."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with _process("php", "-S", f"127.0.0.1:{port}", "-t", str(folder)) as server:

        def answers() -> bool:
            assert server.poll() is None, "the port was taken meanwhile"
            with suppress(urllib.error.URLError), urllib.request.urlopen(f"{url}/wp-login.php"):
                return True
            return False

        eventually(answers, "PHP serves WordPress")
        yield url


@contextmanager
def _process(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)
