"""Signing keys of packs: a JWK Set (RFC 7517) in a file of the operator.

The first key signs. The others signed earlier packs: their public halves stay published as long as
they are in the file. The file is created when first needed.
"""

import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from registry.core.errors import SigningKeyError
from registry.core.messages import Message
from registry.core.settings import Settings

ALGORITHM: Final = "Ed25519"
"""Signature algorithm, as named by RFC 9864."""
_FILE: Final = Path("keys", "pack-keys.json")

JsonObject = dict[str, Any]


def key_file(settings: Settings) -> Path:
    """Return the key file: from the settings, or in the folder that all machines share."""
    return settings.pack_keys or settings.kept / _FILE


def public_keys(path: Path) -> JsonObject:
    """Return the public keys as a JWK Set, the signing one first. Raises SigningKeyError."""
    return {"keys": [key.as_dict(private=False) for key in _keys(path)]}


def sign(path: Path, payload: bytes) -> str:
    """Sign the payload with the first key as a compact JWS (RFC 7515). Raises SigningKeyError."""
    return signer(path)(payload)


def signer(path: Path) -> Callable[[bytes], str]:
    """Return a function that signs payloads with the current first key. Raises SigningKeyError."""
    from joserfc import jws

    key = _keys(path)[0]
    header = {"alg": ALGORITHM, "kid": key.kid}
    return lambda payload: jws.serialize_compact(header, payload, key, algorithms=[ALGORITHM])


def rotate(path: Path) -> JsonObject:
    """Put a new signing key first and return the public keys. Raises SigningKeyError."""
    before = [key.as_dict(private=True) for key in _keys(path)]

    def replace(made: str) -> None:
        os.replace(made, path)  # noqa: PTH105 - beside os.link

    _write(path, [_new_key(), *before], replace)
    return public_keys(path)


def _keys(path: Path) -> list[Any]:
    """Return at least one key."""
    from joserfc.errors import JoseError
    from joserfc.jwk import OKPKey

    try:
        if not path.exists():
            _write(path, [_new_key()], lambda made: _link(made, path))
        found = [OKPKey.import_key(key) for key in json.loads(path.read_bytes())["keys"]]
    except (OSError, ValueError, KeyError, TypeError, JoseError) as error:
        raise _unreadable(path) from error
    if not found or not all(key.is_private and key.curve_name == ALGORITHM for key in found):
        raise _unreadable(path)
    return found


def _new_key() -> JsonObject:
    from joserfc.jwk import OKPKey

    made = OKPKey.generate_key(ALGORITHM)
    return made.as_dict(private=True, kid=made.thumbprint(), use="sig", alg=ALGORITHM)


def _link(made: str, path: Path) -> None:
    # If another process was faster, its key is the register's.
    with suppress(FileExistsError):
        os.link(made, path)


def _write(path: Path, keys: list[JsonObject], keep: Callable[[str], None]) -> None:
    """Write a private file, complete before it gets its name."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            _hand_over(descriptor, path.parent)
            with os.fdopen(descriptor, "w") as out:
                json.dump({"keys": keys}, out, indent=1)
                out.flush()
                os.fsync(out.fileno())
            keep(made)
        finally:
            Path(made).unlink(missing_ok=True)
    except OSError as error:
        raise _unreadable(path) from error


def _hand_over(descriptor: int, folder: Path) -> None:
    """Give a file that root creates to the folder's owner: the server does not run as root."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _unreadable(path: Path) -> SigningKeyError:
    # The path would disclose the operator's file system over HTTP.
    return SigningKeyError(Message("signing_keys_unusable", name=path.name))
