"""Holds a project package against OC4IDS, with the standard's own checker (libcoveoc4ids).

Usage: check_oc4ids.py PACKAGE.json [SCHEMAS]

The checker fetches the standard's schemas from the network and ships none. So that it works without one, it is given the
folder SCHEMAS, by default oc4ids/ beside this file: the part of the standard that Sentra writes. The standard's own
project-schema.json, project-package-schema.json and codelists/ can stand there in their place. Prints what is wrong, and
exits with 1 when anything is.
"""

import functools
import http.server
import json
import os
import pathlib
import sys
import threading

# The folder is served on this machine alone; no proxy is asked.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"

from libcoveoc4ids.api import oc4ids_json_output  # noqa: E402
from libcoveoc4ids.config import LibCoveOC4IDSConfig  # noqa: E402


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def served(folder):
    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}/"


def wrong(package, schemas):
    """Everything that the checker finds, as sentences."""
    server, host = served(schemas)
    try:
        config = LibCoveOC4IDSConfig(
            {"schema_host": host, "schema_codelists": {"0.9": f"{host}codelists/"}}
        )
        found = oc4ids_json_output(json_data=package, lib_cove_oc4ids_config=config)
    finally:
        server.shutdown()
    for error, places in found["validation_errors"]:
        yield f"invalid: {json.loads(error).get('message')} at {[one.get('path') for one in places][:5]}"
    for name, field in found["additional_fields"].items():
        yield f"not in the standard: {name} ({field['count']} times)"
    for check in found["additional_checks"] + found["conformance_checks"]:
        places = check.get("paths") or check.get("path_values")
        yield f"{check['check_id']}: {check['message']} {places[:5]}"
    for field in found["deprecated_fields"]:
        yield f"deprecated: {field}"
    for path, codes in found["additional_closed_codelist_values"].items():
        yield f"no such code: {path} {codes['values'][:5]}"
    for path in found.get("structure_warnings", {}).get("missing_ids", []):
        yield f"no id: {path}"


def main(package, schemas=None):
    schemas = pathlib.Path(schemas) if schemas else pathlib.Path(__file__).parent / "oc4ids"
    with open(package, encoding="utf-8") as file:
        data = json.load(file)
    found = list(wrong(data, schemas))
    for words in found:
        print(words)
    print(f"{len(data['projects'])} projects, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
