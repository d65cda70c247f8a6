"""Where Ollama is: OLLAMA_HOST, read as Ollama itself reads it."""

import ipaddress
import os
import re
from contextlib import suppress
from urllib.parse import urlsplit

import httpx

from mlkit.errors import SettingError


def host() -> str:
    """OLLAMA_HOST as a URL, or this machine. Raises SettingError where it, or its port, is none."""
    text = os.environ.get("OLLAMA_HOST", "").strip()
    try:
        return _url(text.strip("\"'").strip())
    except (ValueError, httpx.InvalidURL):
        shown = re.sub(".*@", "***@", text)[:80]
        raise SettingError(
            f"OLLAMA_HOST is {shown!r}, which is no address. Set it so: "
            " OLLAMA_HOST=127.0.0.1:11434"
        ) from None


def _url(text: str) -> str:
    """An address with its scheme and its port. Raises ValueError where it is none."""
    scheme, given, place = text.rpartition("://")
    scheme = scheme.lower()
    if text == "ollama.com":
        scheme = "https"
    with suppress(ValueError):
        place = f"[{ipaddress.IPv6Address(place)}]"  # a bare one
    parts = urlsplit(f"{scheme or 'http'}://{place}")
    ports = {"http": 80, "https": 443} if given else {"": 11434, "https": 443}
    plain = re.fullmatch(r"[\w.:\[\]-]*", parts.netloc) and not re.search(r"[\s?#]", text)
    if not plain or scheme not in ports or parts.port == 0:
        raise ValueError(text)
    name = parts.hostname or "127.0.0.1"
    with suppress(ValueError):
        ip = ipaddress.ip_address(name)
        if ip.is_unspecified:  # where a server listens; asked is this machine
            name = "127.0.0.1" if ip.version == 4 else "::1"
        name = f"[{name}]" if ip.version == 6 else name
    port = parts.port or ports[scheme]
    return str(httpx.URL(f"{parts.scheme}://{name}:{port}{parts.path.rstrip('/')}"))
