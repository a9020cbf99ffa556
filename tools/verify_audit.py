#!/usr/bin/env python3
"""Checks an exported audit trail of Sentra without Sentra.

    sentra export audit --to trail.ndjson
    verify_audit.py trail.ndjson --key VERIFIER_KEY [--checkpoint FILE ...]

Reads the export line by line, and works out from what it says of each event the leaf, the hash chain, the Merkle tree
(RFC 6962) and its roots. The checkpoints are C2SP signed notes; the public keys (verifier keys) to trust, all that ever
signed, have to be known from elsewhere, and so have checkpoints that were kept outside. docs/audit.md defines every byte.
Prints what does not hold, the first bad sequence first, and ends with 1; with 0 when all holds. What is flagged breaks
nothing. Needs Python 3.9 and the package `cryptography`.
"""

import argparse
import base64
import hashlib
import json
import sys
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MOST = 50  # findings that are told; one is enough to distrust the rest
LONGEST = 1 << 26  # bytes of a line, or of whatever else is read whole
LINE = {"seq", "sealed_at", "leaf", "hash", "event_id", "event", "revisions", "entries", "personal"}
EVENT = {"id", "at", "actor_id", "actor_role", "grant_id", "action", "outcome", "subject_kind", "subject_id",
         "proposal_id", "region_code", "content", "request_id"}
REVISION = {"id", "subject_kind", "subject_id", "version", "event_id", "content"}
ENTRY = {"id", "kind", "proposal_id", "allocation_id", "fiscal_year", "region_code", "from_account", "to_account",
         "amount_idr", "effective_on", "recorded_at", "source_kind", "source_id", "event_id", "reverses_id",
         "reversed_kind", "reason", "origin_year"}


class Wrong(Exception):
    """Something that does not hold."""


def require(holds, words):
    if not holds:
        raise Wrong(words)


def tell(words, out=print):
    """Tells a text so that nothing in it acts on a terminal."""
    out("".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in words))


def parsed(text):
    def unique(pairs):
        require(len(dict(pairs)) == len(pairs), "a name is there twice in an object of JSON")
        return dict(pairs)
    return json.loads(text, object_pairs_hook=unique)


def sha256(data):
    return hashlib.sha256(data).digest()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def leaf_hash(line):
    """The leaf of an event: all its columns, its place, and the hashes of the rows that name it."""
    event = dict(line["event"])
    require(set(event) == EVENT, "it has other columns than an event")
    event["seq"], event["sealed_at"] = line["seq"], line["sealed_at"]
    for name, columns in (("revisions", REVISION), ("entries", ENTRY)):
        for row in line[name]:
            require(set(row) == columns and row["event_id"] == event["id"], "a row has other columns, or names another event")
        event[name] = [sha256(canonical(row)).hex() for row in sorted(line[name], key=lambda row: row["id"].encode())]
    return sha256(b"\x00" + canonical(event))


def push(edge, node):
    """Adds a leaf to a Merkle tree, of which only whole subtrees are kept, and their levels: those at its right edge."""
    level = 0
    while edge and edge[-1][0] == level:
        node = sha256(b"\x01" + edge.pop()[1] + node)
        level += 1
    edge.append((level, node))


def root_over(edge):
    node = edge[-1][1]
    for _, left in reversed(edge[:-1]):
        node = sha256(b"\x01" + left + node)
    return node


class Key:
    """A C2SP verifier key: NAME+ID+KEY."""

    def __init__(self, text):
        self.text, parts = text.strip(), text.strip().split("+", 2)
        require(len(parts) == 3, f"{text!r} is no verifier key")
        self.name, data = parts[0], decoded(parts[2])
        require(len(data) == 33 and data[0] == 1, f"{text!r} is no key of Ed25519")
        self.id = sha256(self.name.encode() + b"\n" + data)[:4]
        require(self.id.hex() == parts[1], f"{text!r} has not the id of its name and key")
        self.public = Ed25519PublicKey.from_public_bytes(data[1:])


def decoded(text):
    data = base64.b64decode(text, validate=True)
    require(base64.b64encode(data).decode() == text, "a text is not the base64 of its bytes")
    return data


def open_note(note, keys):
    """Origin, size, root, moment and signers of a checkpoint that one of the keys signed, and none falsely."""
    text, gap, signatures = note.rpartition("\n\n")
    require(gap and signatures.endswith("\n"), "it is no signed note")
    text, signers = text + "\n", set()
    require(signatures.count("\n") <= 16, "it has too many signatures")
    for line in signatures[:-1].split("\n"):
        require(line.startswith("\u2014 ") and line.count(" ") == 2, "a signature can not be read")
        _, name, data = line.split(" ")
        data = decoded(data)
        for key in keys:
            if key.name == name and key.id == data[:4]:
                try:
                    key.public.verify(data[4:], text.encode())
                except InvalidSignature:
                    raise Wrong(f"the signature by {key.text} is not of this text") from None
                signers.add(key.text)
    require(signers, "it is signed by none of the keys")
    lines = text.split("\n")
    require(len(lines) == 5 and lines[1] == str(int(lines[1])) and int(lines[1]) > 0, "it is no checkpoint")
    root = decoded(lines[2])
    require(len(root) == 32, "its root is no hash")
    return lines[0], int(lines[1]), root, lines[3], signers


def hash_of(text):
    return bytes.fromhex(text) if len(text) == 64 and set(text) <= set("0123456789abcdef") else None


class Check:
    """One walk through an export."""

    def __init__(self, keys):
        self.keys, self.findings, self.since = keys, [], float("inf")  # since when, by their ids, the first waits
        self.edge, self.chain, self.sealed_at = [], bytes(32), ""
        self.origin, self.last, self.next, self.ended, self.now = None, None, 1, False, ""
        self.claims = {}  # size -> what was signed of the tree at that size, and where it was found
        self.outside, self.listed, self.used, self.through = {}, {}, {}, ""
        self.waiting = self.held = self.lines = self.signed = 0

    def fail(self, seq, words):
        self.findings.append((int(seq), words[:2000]))
        if len(self.findings) > 2 * MOST:  # the first ones are told, whenever they are found
            self.findings = sorted(self.findings)[:MOST]

    def attempt(self, seq, place, work, *args):
        """Whatever goes wrong is a finding, a line that is nested too deeply too; the rest goes on."""
        try:
            return work(*args)
        except Exception as wrong:
            self.fail(seq, f"{place}: {wrong}")

    def claim(self, place, seq, note):
        if found := self.attempt(seq, place, open_note, note, self.keys):  # compared when the walk is there
            self.claims.setdefault(found[1], []).append((place, found[0], found[2]))
        return found

    def line(self, raw):
        require(raw.endswith(b"\n"), "it is cut, or too long")
        line = parsed(raw)
        kind = line.pop("kind")
        require((self.origin is None) == (kind == "trail") and not self.ended, "it stands before the begin or after the end")
        getattr(self, "on_" + kind)(**line)

    def on_trail(self, format, origin, last_seq, last_hash, sealed_through, exported_at):
        require(format == 2, f"it has format {format}, and this reads 2")
        self.origin, self.last, self.now, self.through = origin, (last_seq, last_hash), exported_at, sealed_through

    def on_key(self, verifier_key, first_used_at):
        require(verifier_key not in self.listed and len(self.listed) < 1000, "a key is named twice, or too many are")
        self.listed[verifier_key] = first_used_at
        if verifier_key not in [key.text for key in self.keys]:
            tell(f"flag: the service names a key that is not among those given: {verifier_key[:200]!r}")
        Key(verifier_key)  # a text that is none fails this line

    def on_checkpoint(self, size, root, note, made_at):
        require(size > self.signed, f"a checkpoint of {size} comes after one of {self.signed}")
        self.signed = size
        self.outside.pop(size, None)
        found = self.claim(f"the kept checkpoint of {size}", size, note)
        if found and (size, root, made_at) != (found[1], found[2].hex(), found[3]):
            self.fail(size, f"the kept checkpoint of {size} does not say what its note says")
        for signer in found[4] if found else ():
            self.used.setdefault(signer, made_at)

    def on_event(self, **line):
        seq = line["seq"]
        if seq < self.next:
            return self.fail(seq, f"there is a seal of sequence {seq}, below {self.next}")
        if seq > self.next:
            self.fail(self.next, f"there is no seal from this sequence to {seq - 1}")
        self.next = seq + 1
        leaf = hash_of(line["leaf"]) or bytes(32)
        link = sha256(self.chain + leaf)
        if link.hex() != line["hash"]:
            self.fail(seq, "it does not continue the chain")
        self.chain = hash_of(line["hash"]) or link
        if line["sealed_at"] < self.sealed_at:
            self.fail(seq, "it was sealed earlier than the one before")
        self.sealed_at = max(self.sealed_at, line["sealed_at"])
        try:
            require(set(line) == LINE, "its line has other names")
            require(line["event"] is not None, "its event is not there")
            require(line["event"]["id"] == line["event_id"], "its seal names another event")
            leaf = leaf_hash(line)
            require(leaf.hex() == line["leaf"], "what is kept of its event is not what was sealed")
            content = parsed(line["event"]["content"]) if line["personal"] else {}
            for row in line["personal"]:
                require(set(row) == {"event_id", "field", "salt", "value"}, "a personal value has other columns")
                kept = sha256("\n".join((row["salt"], row["field"], row["value"])).encode()).hex()
                words = f"its personal value {row['field']!r} is not the one that it committed to"
                require(content.get(row["field"] + "_commitment") == kept, words)
        except Exception as wrong:  # whatever it is: the verifier goes on, and the event does not hold
            self.fail(seq, str(wrong))
        push(self.edge, leaf)
        for place, origin, root in self.claims.pop(seq, []):
            if (origin, root) != (self.origin, root_over(self.edge)):
                self.fail(seq, f"{place} has another root over the first {seq}")
            else:
                self.held += 1

    def on_unsealed(self, event_id, waits):
        require(waits is True, f"event {event_id} is neither sealed nor waits to be")
        self.waiting += 1
        self.since = min(self.since, int(event_id.replace("-", "")[:12], 16) / 1000)
    def on_orphan(self, what, id, event_id):
        self.fail(self.next, f"the {what} {id} is of event {event_id}, which is not there")
    def on_unreadable(self, seq, why):
        self.fail(seq, f"what is kept of it can not be read: {why}")
        self.next = max(self.next, seq + 1)
    def on_falsely_pending(self, event_id, seq):
        self.fail(seq or self.next, f"event {event_id} waits to be sealed, and is sealed or not there")
    def on_odd(self, place, event_id, seq):
        self.fail(seq or (self.next if event_id else 0), f"{place} is not kept as it is written here")
    def on_end(self, lines):
        require(lines == self.lines, f"it has {self.lines} lines, and says that it has {lines}")
        self.ended = True

    def end(self):
        end = self.next - 1
        if not self.ended:
            self.fail(self.next, "the export was cut: its last line is missing")
        if self.last != (end, self.chain.hex()):
            self.fail(self.next, "the sealer came elsewhere than the trail ends")
        if self.through < self.sealed_at:
            self.fail(end, "it was sealed later than the sealer says it did")
        if (end or self.waiting) and not self.held:
            self.fail(self.next, "no checkpoint that is signed by a trusted key holds")
        for size, claims in self.claims.items():
            for place, _, _ in claims:
                self.fail(min(size, self.next), f"{place} is of {size} events, and the trail ends at {end}")
        for size, path in self.outside.items():
            self.fail(size, f"the checkpoint {path} is not kept by the service any more")
        for text in (key.text for key in self.keys):
            if self.listed.get(text) != self.used.get(text):
                self.fail(0, f"{text} signed first at {self.used.get(text)}, and the service says otherwise")
        if max(self.through, self.sealed_at)[:16] > self.now[:16]:  # a minute more or less is none
            tell(f"flag: the trail is sealed through {self.through}, and was exported at {self.now}")
        if self.waiting and time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self.since + 60)) < self.now[:19]:
            tell("flag: an event has waited for longer than a minute to be sealed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", help="what `sentra export audit` wrote")
    parser.add_argument("--key", action="append", required=True, help="a verifier key to trust")
    parser.add_argument("--checkpoint", action="append", default=[], help="a checkpoint kept elsewhere")
    args = parser.parse_args()
    try:
        check = Check([Key(text) for text in args.key])
        for path in args.checkpoint:
            with open(path, encoding="utf-8", newline="") as kept:
                if found := check.claim(f"the checkpoint {path}", 0, kept.read(LONGEST)):
                    check.outside[found[1]] = path  # the export has to have it too
        file = open(args.export, "rb")
    except (Wrong, ValueError, OSError) as wrong:
        tell(f"verify_audit: {wrong}", sys.exit)
    while raw := file.readline(LONGEST):  # a longer one comes in pieces, of which only the last ends as a line does
        check.attempt(check.next, f"line {check.lines + 1} of the export", check.line, raw)
        check.lines += 1
    check.attempt(check.next, "the end of the export", check.end)
    for seq, words in sorted(check.findings)[:MOST]:
        tell(f"BREACH: {f'sequence {seq}: ' if seq else ''}{words}")
    tell(f"{check.next - 1} events, {check.held} checkpoints hold, {check.waiting} events wait to be sealed: "
          f"{len(check.findings)} findings")
    sys.exit(1 if check.findings else 0)


if __name__ == "__main__":
    main()
