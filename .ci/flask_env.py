"""The real Flask-JWT-Extended on the newest PyJWT, in a virtual environment, so that nothing is installed on the machine."""

import contextlib
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile

# The last two for keys, in `.ci/interop`.
PACKAGES = ["pyjwt[crypto]", "flask-jwt-extended", "joserfc", "cryptography>=48"]


def run(arguments):
    """Runs Python there, after the environment is made; the steps of one `.ci/run` share one. The exit code."""
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        return cannot_run("python3 has no venv")
    shared = os.environ.get("CI_SHARED")
    with contextlib.nullcontext(shared) if shared else tempfile.TemporaryDirectory() as folder:
        ready = pathlib.Path(folder) / "flask-is-ready"
        python = pathlib.Path(folder) / "flask" / "bin" / "python"
        if not ready.exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", pathlib.Path(folder) / "flask"], check=True)
            install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *PACKAGES]
            if subprocess.run(install).returncode != 0:
                return cannot_run("the packages cannot be installed")
            ready.touch()
        return subprocess.run([python, *arguments]).returncode


def cannot_run(reason):
    skipped = not os.environ.get("CI")
    print(f"{'skipped: ' if skipped else ''}{reason}")
    return 0 if skipped else 1
