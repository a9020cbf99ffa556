#!/usr/bin/env python3
"""Checks an evidence pack of Sentra without Sentra.

    verify_pack.py PACK.zip --key VERIFIER_KEY [--checkpoint FILE]

Works out, from what the pack says of each event, its leaf and the root that its proof leads to (RFC 6962), and compares
that with the signed checkpoint: the one in the pack, or one that was kept elsewhere, if it has the same size. Then it holds
the manifest against the bytes of each file, each document and the proposal itself against the newest revision that was
sealed, the journal against the entries that were sealed, none left out, and the figures against the journal. Which public
keys (verifier keys) to trust has to be known from elsewhere. Prints what does not hold, and ends with 1; with 0 when
something is proved and everything holds. What is only noted is not proved: what happened after the checkpoint, and the
files that no event covers. Needs Python 3.9, `verify_audit.py` beside it, and the package `cryptography`.
"""

import argparse
import collections
import csv
import hashlib
import io
import sys
import zipfile

from verify_audit import ENTRY, LONGEST, MOST, Key, Wrong, leaf_hash, open_note, parsed, require, sha256, tell

FILES = {"timeline.html", "journal.csv", "figures.csv", "findings.json", "proofs.ndjson"}
UNPROVED = "timeline.html and findings.json, and in manifest.json version, made_at, made_for, intact and the uploaders' names"
LINE = {"seq", "sealed_at", "leaf", "event", "revisions", "entries", "hashes"}
PROPOSAL = ("title", "menu", "region_code", "fiscal_year", "state")
DOCUMENT = ("title", "number", "issued_on", "valid_until", "line_no", "file_name", "media_type", "size_bytes", "sha256",
            "uploaded_by", "uploaded_at")
CHANGES = ("status", "superseded_by")  # of a document, by a later event too
FIGURES = {"allocate": ("ceiling", 1), "cut": ("ceiling", -1), "commit": ("contracted", 1), "decommit": ("contracted", -1),
           "release": ("released", 1), "disburse": ("disbursed", 1), "return": ("returned", 1), "spend": ("absorbed", 1),
           "recover": ("absorbed", -1)}


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


def is_cell(cell, sealed):
    """Whether a cell of CSV shows a value. Apostrophes stand there before what would be taken for a formula."""
    text = "" if sealed is None else str(sealed)
    return cell == text or (isinstance(sealed, str) and cell.replace("'", "") == text.replace("'", ""))


def figures_of(rows):
    """What entries come to, as Sentra adds them up; an entry that takes back another counts as its mirror."""
    names = ("ceiling", "contracted", "disbursed", "absorbed", "returned", "carried_in", "carried_out", "released")
    sums = dict.fromkeys(names, 0)
    for row in rows:
        kind, source, amount = row["kind"], row["from_account"], int(row["amount_idr"])
        if kind == "reverse":
            kind, source, amount = row["reversed_kind"], row["to_account"], -amount
        carried = ("carried_out" if source == "region" else "carried_in", 1)
        name, sign = carried if kind == "carry" else FIGURES[kind]
        sums[name] += sign * amount
        if kind == "release" and source == "committed":
            sums["contracted"] -= amount
    sums["in_hand"] = (sums["disbursed"] + sums["carried_in"] - sums["absorbed"] - sums["returned"] - sums["carried_out"])
    sums["undisbursed"] = sums["ceiling"] - sums["released"] - sums["disbursed"]
    return {f"{name}_idr": amount for name, amount in sums.items()}


class Pack:
    """A pack that is being checked."""

    def __init__(self, archive, keys, kept):
        self.archive, self.keys, self.kept, self.findings = archive, keys, kept, []
        self.manifest, self.proposal, self.tree, self.named = {}, None, None, set()
        self.later, self.proven, self.requests, self.entries, self.told = set(), set(), set(), {}, {}
        self.newest = {}  # kind and id of a row -> its newest revision that is proved: version and content

    def hold(self, place, work, *args):
        """Whatever goes wrong in a piece of work is a finding, a file that is damaged too; the rest goes on."""
        try:
            work(*args)
        except Wrong as wrong:
            self.findings.append(f"{place}: {wrong}")
        except Exception as wrong:
            self.findings.append(f"{place} can not be read: {type(wrong).__name__}: {wrong}")

    def check(self):
        for name, count in collections.Counter(self.archive.namelist()).items():
            if count > 1:
                self.findings.append(f"{name}: it is in the archive {count} times")
        for part, work in (("manifest.json", self.head), ("proofs.ndjson", self.proofs), ("manifest.json", self.files),
                           ("journal.csv", self.journal), ("figures.csv", self.figures)):
            self.hold(part, work)

    def head(self):
        require(self.archive.getinfo("manifest.json").file_size <= LONGEST, "it is too long")
        data = self.archive.read("manifest.json")
        self.manifest = parsed(data)
        self.proposal = self.manifest["proposal_id"]
        note(f"manifest.json has the SHA-256 {sha256(data).hex()}, which the trail keeps of each pack that is given out")

    def proofs(self):
        with self.archive.open("proofs.ndjson") as file:
            for number, raw in enumerate(iter(lambda: file.readline(LONGEST), b""), 1):
                self.hold(f"line {number} of proofs.ndjson", self.proof, number, raw)
        require(self.tree, "there is no checkpoint that holds, so that nothing is proved: where the service has signed none "
                           "yet, fetch the pack again when it has")
        require(self.proven, "no event is proved: where all of them came after the newest checkpoint, fetch the pack again "
                             "when there is one that covers them")

    def proof(self, number, raw):
        require(raw.endswith(b"\n"), "it is cut, or too long")
        line = parsed(raw)
        kind = line.pop("kind")
        if kind == "checkpoint":
            require(number == 1, "a checkpoint is the first line, and there is one at the most")
            self.checkpoint(**line)
        elif kind == "event":
            self.hold(f"sequence {line['seq']}", self.event, line)
        else:
            require(kind == "later" and set(line) == {"event_id"}, f"a line of proofs is {kind!r}")
            self.happened(line["event_id"], self.later)

    def checkpoint(self, size, note):
        origin, found, root, _, _ = open_note(note, self.keys)
        require(found == size, f"it is of {found} events, and is said to be of {size}")
        self.tree = size, root
        for path, text in self.kept:
            self.hold(path, self.compare, path, (origin, size, root), text)

    def compare(self, path, known, text):
        other, size, root, _, _ = open_note(text, self.keys)
        require(other == known[0], f"it is of {other}, and the pack's of {known[0]}")
        if size != known[1]:
            return note(f"{path} is of {size} events, and the pack's of {known[1]}: GET /audit/consistency leads from one to "
                        "the other")
        require(root == known[2], f"it has another root over the same {size}")

    def happened(self, event, kind):
        require(event not in self.later and event not in self.proven, f"event {event} is there twice")
        kind.add(event)

    def event(self, line):
        if self.tree is None:
            return  # told once
        require(set(line) == LINE, "its line has other names")
        leaf = leaf_hash(line)
        require(leaf.hex() == line["leaf"], "what is told of its event is not what was sealed")
        path = [bytes.fromhex(text) for text in line["hashes"]]
        require(root_of(leaf, line["seq"] - 1, self.tree[0], path) == self.tree[1], "its proof does not lead to the checkpoint")
        self.proposal = self.proposal or line["event"]["proposal_id"]  # where the manifest can not be read
        of = {row["subject_id"] for row in line["revisions"] if row["subject_kind"] == "proposal"}
        about = line["event"]["subject_kind"], line["event"]["subject_id"]
        is_own = self.proposal in of | {line["event"]["proposal_id"]}
        require(is_own or about in self.requests, "its event is not of this proposal")
        if is_own and about[0] == "tranche_request":
            self.requests.add(about)  # what pays it names no proposal
        self.happened(line["event"]["id"], self.proven)
        for row in line["revisions"]:
            key = row["subject_kind"], row["subject_id"]
            if key not in self.newest or self.newest[key][0] < row["version"]:
                self.newest[key] = row["version"], parsed(row["content"])
        self.entries.update((row["id"], row) for row in line["entries"] if row["proposal_id"] == self.proposal)

    def sealed(self, kind):
        """The newest revisions of a kind that are proved, by id: those of this proposal."""
        found = {id: content for (of, id), (_, content) in self.newest.items() if of == kind}
        return {id: one for id, one in found.items() if one.get("proposal_id", one.get("id")) == self.proposal}

    def files(self):
        for file in self.manifest["files"]:
            self.hold(file["path"], self.file, file)
        for name in sorted(FILES - self.named):
            self.findings.append(f"{name}: the manifest does not name it as a file")
        documents, told = self.sealed("document"), set()
        for row in self.manifest["documents"]:
            place = f"document {row['id']} ({row['path']})"
            self.hold(place, self.document, place, row, documents.get(row["id"]))
            if row["id"] in told:
                self.findings.append(f"{place}: it is there twice")
            told.add(row["id"])
        for id in sorted(set(documents) - told):
            self.findings.append(f"document {id}: an event that is proved tells of it, and the manifest does not")
        for path in sorted(set(self.archive.namelist()) - self.named - {"manifest.json"}):
            self.findings.append(f"{path}: the manifest does not name it")
        self.about(self.sealed("proposal").get(self.proposal))

    def about(self, sealed):
        """What the manifest says of the proposal."""
        require(sealed or self.later, "no event that is proved tells of the proposal")
        if self.later:
            return note("what manifest.json says of the proposal is not covered by the checkpoint yet")
        for name in PROPOSAL:
            require(self.manifest[name] == sealed[name], f"its {name} is not what was sealed")

    def file(self, row):
        require(row["path"] in FILES, "it is no file of a pack, and stands in the manifest as one")
        self.bytes(row)

    def bytes(self, row):
        path, digest = row["path"], hashlib.sha256()
        require(path not in self.named, "the manifest names it twice")
        self.named.add(path)
        with self.archive.open(path) as file:
            while block := file.read(1 << 20):
                digest.update(block)
        require(digest.hexdigest() == row["sha256"], f"its bytes have the hash {digest.hexdigest()}, not {row['sha256']}")

    def document(self, place, row, sealed):
        if row["path"] is None:
            note(f"the bytes of {place} are not in the pack; it is {row['status']}")
        elif row["path"].startswith("documents/"):
            self.hold(place, self.bytes, row)
        else:
            self.findings.append(f"{place}: its path is none of a document")
        if sealed is None:
            require(self.later, "no event that is proved tells of it")
            return note(f"{place} is not covered by the checkpoint yet")
        require(row["type"] == sealed["document_type"], "its type is not what was sealed")
        for name in DOCUMENT if self.later else DOCUMENT + CHANGES:
            require(row[name] == sealed.get(name), f"its {name} was sealed as {sealed.get(name)}, not {row[name]}")

    def table(self, path, columns):
        with io.TextIOWrapper(self.archive.open(path), "utf-8-sig", newline="") as text:
            rows = csv.DictReader(iter(lambda: text.readline(LONGEST), ""), delimiter=";", restkey="more", strict=True)
            require(sorted(rows.fieldnames or ()) == sorted(columns), "it has other columns")
            yield from rows

    def journal(self):
        for row in self.table("journal.csv", ENTRY):
            self.hold(f"journal entry {row['id']}", self.entry, row)
        for id in sorted(set(self.entries) - set(self.told)):
            self.findings.append(f"journal entry {id}: it was sealed, and is not in journal.csv")

    def entry(self, row):
        require(row["id"] not in self.told, "it is there twice")
        self.told[row["id"]] = row
        require(set(row) == ENTRY and None not in row.values(), "it has other columns")
        sealed = self.entries.get(row["id"])
        if sealed is None:
            require(row["event_id"] in self.later, "no event that is proved tells of it")
            require(row["proposal_id"] == self.proposal, "it is of another proposal")
            return note(f"journal entry {row['id']}, {row['kind']} of {row['amount_idr']}, recorded {row['recorded_at']}, "
                        "is not covered by the checkpoint yet")
        for name in sorted(ENTRY):
            require(is_cell(row[name], sealed[name]), f"its {name} is not what was sealed")

    def figures(self):
        expected = figures_of(self.told.values())
        approved = [one for one in self.sealed("plan").values() if one["state"] == "approved"]
        expected["plan_idr"] = max(approved, key=lambda one: one["n"], default={"total_idr": 0})["total_idr"]
        rows = list(self.table("figures.csv", ("figure", "amount_idr")))
        require(sorted(row["figure"] for row in rows) == sorted(expected), "it has other figures")
        for row in rows:
            name, amount = row["figure"], row["amount_idr"]
            if name == "plan_idr" and self.later and amount != str(expected[name]):
                note(f"plan_idr is {amount}, and the last plan whose approval is proved was of {expected[name]}")
                continue
            require(amount == str(expected[name]), f"its {name} is {amount}, and what it comes from {expected[name]}")


def note(words):
    tell(f"note: {words}")


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
            with open(path, encoding="utf-8", newline="") as file:
                kept.append((path, file.read(LONGEST)))
        archive = zipfile.ZipFile(args.pack)
    except Exception as wrong:
        tell(f"verify_pack: {type(wrong).__name__}: {wrong}", sys.exit)
    pack = Pack(archive, keys, kept)
    pack.check()
    note(f"no event covers {UNPROVED}")
    for words in pack.findings[:MOST]:
        tell(f"BREACH: {words}")
    tell(f"{len(pack.proven)} events proved, {len(pack.later)} later than the checkpoint: {len(pack.findings)} findings")
    sys.exit(1 if pack.findings else 0)


if __name__ == "__main__":
    main()
