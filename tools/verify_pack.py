#!/usr/bin/env python3
"""Checks an evidence pack of Sentra without Sentra.

    verify_pack.py PACK.zip --key VERIFIER_KEY [--checkpoint FILE]

Works out, from what the pack says of each event, its leaf and the root that its proof leads to (RFC 6962), and compares
that with the signed checkpoint: the one in the pack, or one that was kept elsewhere, if it has the same size. Then it holds
the manifest against the bytes of each file, each document against the revision in which its hash was sealed, and each
entry of journal.csv against the entry that was sealed. Which public keys (verifier keys) to trust has to be known from
elsewhere. Prints what does not hold, and ends with 1; with 0 when everything holds.
Needs Python 3.9, `verify_audit.py` beside it, and the package `cryptography`.
"""

import argparse
import csv
import hashlib
import io
import json
import sys
import zipfile

from verify_audit import Key, Wrong, leaf_hash, open_note, require, sha256


def root_of(leaf, index, size, path):
    """The root that a proof leads to from a leaf (RFC 9162, 2.1.3.2)."""
    require(0 <= index < size, "it lies outside the tree of the checkpoint")
    first, last, node = index, size - 1, leaf
    for step in path:
        require(last > 0, "its proof is too long")
        if first & 1 or first == last:
            node = sha256(b"\x01" + step + node)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            node = sha256(b"\x01" + node + step)
        first, last = first >> 1, last >> 1
    require(last == 0, "its proof is too short")
    return node


class Pack:
    """A pack that is being checked."""

    def __init__(self, archive, keys, kept):
        self.archive, self.keys, self.kept, self.findings = archive, keys, kept, []
        self.documents, self.entries, self.later, self.proven = {}, {}, set(), 0

    def hold(self, place, work, *args):
        """What goes wrong in a piece of work is a finding, and the rest goes on."""
        try:
            return work(*args)
        except (Wrong, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as wrong:
            self.findings.append(f"{place}: {wrong}")

    def proofs(self):
        tree = None
        for raw in self.archive.read("proofs.ndjson").splitlines():
            line = json.loads(raw)
            kind = line.pop("kind")
            if kind == "checkpoint":
                tree = self.hold("the checkpoint", self.checkpoint, line["size"], line["note"])
            elif kind == "event":
                place = f"sequence {line['seq']}"
                self.hold(place, self.event, tree, line)
            else:
                require(kind == "later", f"a line of proofs is {kind!r}")
                self.later.add(line["event_id"])

    def checkpoint(self, size, note):
        _, found, root, _, _ = open_note(note, self.keys)
        require(found == size, f"it is of {found} events, and is said to be of {size}")
        for path, text in self.kept:
            _, other, kept, _, _ = open_note(text, self.keys)
            if other == size:
                require(kept == root, f"{path} has another root over the same {size}")
            else:
                print(f"note: {path} is of {other} events, and the pack's of {size}; GET /audit/consistency leads from one to the other")
        return size, root

    def event(self, tree, line):
        require(tree is not None, "there is no checkpoint that it could be proved by")
        leaf = leaf_hash(line)
        require(leaf.hex() == line["leaf"], "what is told of its event is not what was sealed")
        path = [bytes.fromhex(text) for text in line["hashes"]]
        require(root_of(leaf, line["seq"] - 1, tree[0], path) == tree[1], "its proof does not lead to the checkpoint")
        self.proven += 1
        for row in line["revisions"]:
            if row["subject_kind"] == "document":
                self.documents[row["subject_id"]] = json.loads(row["content"]).get("sha256")
        for row in line["entries"]:
            self.entries[row["id"]] = row

    def manifest(self):
        manifest = json.loads(self.archive.read("manifest.json"))
        named = {"manifest.json"}
        for file in manifest["files"]:
            named.add(file["path"])
            self.hold(file["path"], self.bytes, file["path"], file["sha256"])
        for row in manifest["documents"]:
            if row["path"] is not None:
                named.add(row["path"])
                self.hold(row["path"], self.document, row)
        for path in sorted(set(self.archive.namelist()) - named):
            self.findings.append(f"{path}: the manifest does not name it")

    def bytes(self, path, sealed):
        digest = hashlib.sha256()
        with self.archive.open(path) as file:
            while block := file.read(1 << 20):
                digest.update(block)
        require(digest.hexdigest() == sealed, f"its bytes have the hash {digest.hexdigest()}, not {sealed}")

    def document(self, row):
        self.bytes(row["path"], row["sha256"])
        sealed = self.documents.get(row["id"])
        if sealed is None:
            require(self.later, "no event that is proved tells of it")
            print(f"note: {row['path']} is not covered by the checkpoint yet")
        else:
            require(sealed == row["sha256"], f"its hash was sealed as {sealed}, not {row['sha256']}")

    def journal(self):
        text = self.archive.read("journal.csv").decode("utf-8-sig")
        for row in csv.DictReader(io.StringIO(text), delimiter=";"):
            self.hold(f"journal entry {row['id']}", self.entry, row)

    def entry(self, row):
        sealed = self.entries.get(row["id"])
        if sealed is None:
            return require(row["event_id"] in self.later, "no event that is proved tells of it")
        for name in ("kind", "effective_on", "from_account", "to_account", "amount_idr"):
            require(row[name] == str(sealed[name]), f"its {name} is not what was sealed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", help="what GET /proposals/{id}/evidence-pack gave")
    parser.add_argument("--key", action="append", required=True, help="a verifier key to trust")
    parser.add_argument("--checkpoint", action="append", default=[], help="a checkpoint kept elsewhere")
    args = parser.parse_args()
    try:
        keys = [Key(text) for text in args.key]
        kept = []
        for path in args.checkpoint:
            with open(path, encoding="utf-8") as file:
                kept.append((path, file.read()))
        archive = zipfile.ZipFile(args.pack)
    except (Wrong, ValueError, OSError, zipfile.BadZipFile) as wrong:
        sys.exit(f"verify_pack: {wrong}")
    pack = Pack(archive, keys, kept)
    for part in ("proofs", "manifest", "journal"):
        pack.hold(part, getattr(pack, part))
    for words in pack.findings:
        print(f"BREACH: {words}")
    print(f"{pack.proven} events proved, {len(pack.later)} later than the checkpoint: {len(pack.findings)} findings")
    sys.exit(1 if pack.findings else 0)


if __name__ == "__main__":
    main()
