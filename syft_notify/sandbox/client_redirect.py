"""Leads the SyftBox clients of this process, which know no setting for it, to another server than Google."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from googleapiclient import discovery

_root_url = ""
_googles_build = discovery.build


def lead_clients_to(root_url: str) -> None:
    """Whatever service is built from now on speaks to `root_url`, uploads and batches too, as no `api_endpoint` does.

    Services with an endpoint of their own, such as ours, keep it. Raises `RuntimeError` when a client was imported
    before: it holds what leads to Google.
    """
    global _root_url
    if discovery.build is not _build and any(name in sys.modules for name in ("syft.sync", "syft_client")):
        raise RuntimeError("a SyftBox client was imported before")
    _root_url = root_url
    discovery.build = _build


def _build(service: str, version: str, http: Any = None, **options: Any) -> Any:
    if options.get("client_options"):
        return _googles_build(service, version, http=http, **options)
    described = Path(discovery.__file__).parent / "discovery_cache" / "documents" / f"{service}.{version}.json"
    document = json.loads(described.read_text(encoding="utf-8"))
    return discovery.build_from_document(document | {"rootUrl": _root_url}, http=http)
