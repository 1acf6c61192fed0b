#!/usr/bin/env python3
"""Ingests the whole corpus into a new store and accounts for every file, by a count of its own.

Every file below `data/` must end with exactly one status and, unless it made a record, with a reason; the sums must agree
with each other; labels that this judge finds in the files by itself must have made records of their format; a second
ingest must write nothing; `verify` must find the store sound; the kept sources, imported again, must give the same
records. The page of the coverage is made from the report, without times, so that it can be compared with the one that is
committed.
"""

import json
import os
import re
import subprocess
import time
from collections import Counter, defaultdict
from pathlib import Path

from harness import PROJECT, CannotRun, add_binary, parser, perennial, run_judge

# Files below data/; another number means that the corpus changed.
KNOWN_FILES = 3318
STATUSES = ("imported", "attached", "refused", "noted")
DOCUMENTED_EXITS = (0, 1)
# What is read of a file to tell what it is.
HEAD = 256 << 10

# Reasons, by what they have in common, and why the refusal is right. A reason that none explains is a failure.
EXPLAINED = [
    (r"^Markdown document", "Descriptions of templates: text for people, for which the templates beside them hold a place."),
    (r"describes no catalogue, data set, series, service, distribution or agent",
     "Examples of single classes of the DCAT-AP documents (an address, a period, a standard, …): no such node is a resource of a catalogue on its own, and none stands beside it."),
    (r"a label with neither PDS_VERSION_ID nor an IsisCube names no product",
     "Broken or empty test labels of PVL readers and a log of an ISIS program: statements in PVL, but no label of a product."),
    (r"^text \(text/plain\)", "Tables of SDO/EVE and NOAA's SRS reports: text without a label, whose columns no standard describes."),
    (r"a record needs kind, one of",
     "JSON that is neither of a known standard nor a native record: DataCite answers in tests of a DOI service, and `productInfo.json` beside Sentinel-1 manifests."),
    (r"^XML document of no known kind", "Records of OSTI in tests of a DOI service: no standard that is read here."),
    (r"^JSON document of no known kind", "Records of OSTI and DataCite in tests of a DOI service: no standard that is read here."),
    (r"describes a service and names no data", "VOSI documents: what a service can do and which tables it has. They describe no data set."),
    (r"^JPEG 2000 image", "Quick-looks of SDO without a label; what they are stands in an XML box that is not read."),
    (r"a FITS file compressed with gzip", "Files that are compressed as a whole: an archive would take them in unpacked, as their checksums are of the unpacked file."),
    (r"^SPICE .* kernel", "A kernel whose label is not delivered. Metakernels refer to it by name."),
    (r"^comma-separated table", "The inventory of a collection whose label is not delivered."),
    (r"^ASDF file", "A map saved by a library, without a label; its tree is not read."),
    (r"not well-formed XML", "A file that is damaged on purpose, from a test of a reader."),
]


def collect(folder):
    """All regular files, by their path below the folder."""
    return sorted(str(Path(path, name).relative_to(folder)) for path, _, names in os.walk(folder) for name in names)


def recognise(path):
    """The format that a file obviously is of, told without the importers; None where only they should decide."""
    with open(path, "rb") as file:
        head = file.read(HEAD)
    if head.startswith(b"SIMPLE  ="):
        return "fits"
    if head.startswith((b"\xcd\xf3\x00\x01", b"\xcd\xf2\x60\x02", b"\x00\x00\xff\xff")):
        return "cdf"
    if head.startswith((b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"CDF\x02")):
        return "net_cdf"
    text = head.decode("utf-8", "replace").lstrip("\ufeff").lstrip()
    if text.startswith("<"):
        return recognise_xml(text)
    if text.startswith("PDS_VERSION_ID"):
        return "pds3"
    # At the margin: reports of ISIS programs hold labels of cubes as a part.
    if re.search(r"(?m)^Object = IsisCube", text):
        return "pds3"
    if re.match(r"GROUP = (L1_METADATA_FILE|LANDSAT_METADATA_FILE)", text) or text.startswith('{"LANDSAT_METADATA_FILE"'):
        return "landsat"
    if "\\begindata" in text and re.search(r"(?m)^\s*KERNELS_TO_LOAD\s*\+?=", text):
        return "metakernel"
    if text.startswith("{") and path.suffix in (".json", ".geojson"):
        return recognise_json(path)
    return None


def recognise_xml(text):
    bare = re.sub(r"(?s)<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(\[.*?\])?\s*>", "", text).lstrip()
    root = re.match(r"<(?:[\w.-]+:)?([\w.-]+)", bare)
    name = root.group(1) if root else ""
    if name.startswith("Product_") and "<logical_identifier>" in text:
        return "pds4"
    return {
        "Spase": "spase", "MD_Metadata": "iso", "MI_Metadata": "iso", "DS_Series": "iso", "DIF": "cmr", "Collection": "cmr",
        "Granule": "cmr", "XFDU": "safe", "GranuleMetaDataFile": "ecs", "LANDSAT_METADATA_FILE": "landsat", "VOTABLE": "vo",
    }.get(name)


def recognise_json(path):
    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    if "stac_version" in document and document.get("type") == "Feature":
        return "stac_item"
    if "stac_version" in document and "extent" in document:
        return "stac_collection"
    return "cmr" if "EntryTitle" in document and "ShortName" in document else None


def identifiers_of(key):
    """`product COLLECTION/ID` or `KIND ID`; either part may hold slashes, so that any of them may be the one between."""
    kind, _, name = key.partition(" ")
    parts = name.split("/") if kind == "product" else []
    return [name, *("/".join(parts[at:]) for at in range(1, len(parts)))]


def identities(folder, files, pattern):
    """Distinct first identifiers of labels."""
    found = {re.search(pattern, (folder / name).read_bytes()) for name in files}
    return {match.group(1).decode("utf-8", "replace").strip().lower() for match in found if match}


def ingest(binary, store, folder, report):
    """The report with names below the folder, the exit code, the seconds."""
    started = time.monotonic()
    done = perennial(binary, store, "ingest", "--report", report, folder, check=False)
    seconds = time.monotonic() - started
    if done.returncode not in DOCUMENTED_EXITS or "panicked" in done.stderr:
        raise RuntimeError(f"ingest ended with {done.returncode}: {done.stderr[-2000:]}")
    account = json.loads(Path(report).read_text(encoding="utf-8"))
    prefix = f"{folder}/"
    account["files"] = {name.removeprefix(prefix): entry for name, entry in account["files"].items()}
    return account, done.returncode, seconds


def check_files(report, names, files):
    report.check(len(names) == KNOWN_FILES, f"the corpus holds {len(names)} files, {KNOWN_FILES} are known")
    report.check(sorted(files) == names, f"not in the report: {sorted(set(names) - set(files))[:5]}; no files: {sorted(set(files) - set(names))[:5]}")
    # Each status brings what it promises.
    told = {"imported": "records", "attached": "attached_to", "refused": "reasons", "noted": "findings"}
    for name, entry in files.items():
        if not report.check(entry["status"] in STATUSES, f"{name}: status {entry['status']!r}"):
            continue
        report.check(entry.get(told[entry["status"]]), f"{name} is {entry['status']} without {told[entry['status']]}")
        texts = entry.get("reasons", []) + entry.get("findings", [])
        report.check(all(text.strip() for text in texts), f"{name}: an empty reason or finding")
        report.check(len(set(entry.get("reasons", []))) == len(entry.get("reasons", [])), f"{name}: the same reason twice")


def check_sums(report, summary, files, exit_code):
    statuses = Counter(entry["status"] for entry in files.values())
    for status in STATUSES:
        report.check(summary[f"{status}_files"] == statuses[status], f"{summary[f'{status}_files']} files {status} in the summary, {statuses[status]} in the list")
    report.check(summary["files"] == len(files), f"{summary['files']} files in the summary, {len(files)} in the list")
    for name, member in (("refusals", "reasons"), ("findings", "findings")):
        listed = sum(len(entry.get(member, [])) for entry in files.values())
        report.check(len(summary[name]) == listed, f"{len(summary[name])} {name} in the summary, {listed} in the list")
    report.check(summary["refused"] == len(summary["refusals"]), f"refused {summary['refused']}, {len(summary['refusals'])} reasons")
    report.check((exit_code == 1) == (summary["refused"] > 0), f"exit code {exit_code} with {summary['refused']} refused")
    made = summary["created"] + summary["replaced"] + summary["unchanged"]
    report.check(sum(summary["records"].values()) == made, f"kinds add up to {sum(summary['records'].values())}, effects to {made}")
    report.check(sum(len(entry.get("records", [])) for entry in files.values()) == made, "records of the files do not add up to the effects")
    folders = Counter(name.split("/")[0] for name in files)
    report.check(sum(folders.values()) == summary["files"], "files of the folders do not add up")
    for name, account in summary["formats"].items():
        entries = [entry for entry in files.values() if entry.get("format") == name and entry["status"] != "attached"]
        sums = {
            "records": sum(len(entry.get("records", [])) for entry in entries), "findings": sum(len(entry.get("findings", [])) for entry in entries),
            "refused": sum(len(entry.get("reasons", [])) for entry in entries), "mapped": sum(entry["mapped"] for entry in entries),
            "kept": sum(entry["kept"] for entry in entries),
        }
        found = {member: account[member] for member in sums}
        report.check(found == sums, f"{name}: the summary says {found}, its files {sums}")
        report.check(account["documents"] >= len(entries), f"{name}: {account['documents']} documents of {len(entries)} files")


def check_formats(report, folder, files):
    """What this judge takes for a label must have made a record of that format."""
    counted = defaultdict(list)
    for name in files:
        found = recognise(folder / name)
        if found:
            counted[found].append(name)
    for name, members in sorted(counted.items()):
        read = [member for member in members if files[member].get("format") == name and files[member]["status"] == "imported"]
        # Data that a label names belong to its product.
        attached = [member for member in members if files[member]["status"] == "attached"]
        others = [f"{member}: {files[member]['status']} as {files[member].get('format')}" for member in members if member not in read and member not in attached]
        allowed = [other for other in others if name == "vo" and other.startswith("vo/esa/hubble/tests/data/J6FL25S4Q.vot.test")]
        report.check(len(others) == len(allowed), f"{len(others)} of {len(members)} files that look like {name} made no record of it: {others[:5]}")
    keys = Counter(key for entry in files.values() for key in set(entry.get("records", [])))
    for name, pattern in (("spase", rb"<ResourceID>([^<]+)<"), ("pds4", rb"<logical_identifier>([^<]+)<")):
        distinct = identities(folder, counted[name], pattern)
        held = {identifier.lower() for key in keys for identifier in identifiers_of(key)}
        absent = sorted(distinct - held)
        report.check(not absent, f"{name}: {len(absent)} of {len(distinct)} identifiers have no record: {absent[:5]}")
        report.figure(f"{name} labels", f"{len(counted[name])} ({len(distinct)} identifiers)")
    report.check(len(counted["spase"]) == 1071 and len(counted["pds4"]) == 466, f"{len(counted['spase'])} SPASE and {len(counted['pds4'])} PDS4 labels, 1071 and 466 are known")
    report.figure("labels told by this judge", sum(map(len, counted.values())))


def events(binary, store):
    """What `verify` counts, when it finds the store sound."""
    done = perennial(binary, store, "verify", check=False)
    found = re.search(r"(\d+) events", done.stdout)
    return done, int(found.group(1)) if found else -1


def check_again(report, binary, store, folder, scratch, first):
    sound, before = events(binary, store)
    report.check(sound.returncode == 0, f"verify ended with {sound.returncode}: {sound.stdout[-500:]}")
    account, _, _ = ingest(binary, store, folder, scratch)
    summary = account["summary"]
    sources = Counter(key for entry in first["files"].values() for key in entry.get("records", []))
    several = [key for key, count in sources.items() if count > 1]
    report.check(summary["created"] == 0, f"the second ingest created {summary['created']} records")
    report.check(summary["replaced"] == 0, f"the second ingest replaced {summary['replaced']} records; {len(several)} records are described by more than one document of the corpus: {several[:3]}")
    # Implied collections are there already, so that a file may name a record less.
    status = lambda entries: {name: (entry["status"], entry.get("reasons")) for name, entry in entries.items()}
    report.check(status(account["files"]) == status(first["files"]), "the second ingest gives files another status")
    sound, after = events(binary, store)
    report.check(sound.returncode == 0, f"verify after the second ingest ended with {sound.returncode}: {sound.stdout[-500:]}")
    report.check(before == after, f"{after - before} events more after the second ingest")
    report.figure("described more than once", len(several))
    report.figure("events", before)


def check_import(report, binary, store):
    """The kept sources, imported again, give the records byte for byte."""
    done = perennial(binary, store, "import", "--json", check=False)
    if not report.check(done.returncode in DOCUMENTED_EXITS, f"import ended with {done.returncode}: {done.stderr[-500:]}"):
        return
    again = json.loads(done.stdout)
    changes = list(again["changes"].items())[:5]
    report.check(again["identical"] == again["records"] > 0, f"imported again, {again['changed']} of {again['records']} records change, {again['refused']} are refused, {again['no_importer']} have no importer: {changes}")
    report.check(done.returncode == 0, f"import ended with {done.returncode}: {list(again['refusals'].items())[:5]}")
    report.figure("identical when imported again", again["identical"])


def general(reason):
    """A reason without what is of one file alone."""
    return re.sub(r"\bline \d+: |the submission breaks \d+ rule\(s\):\s*", "", reason).strip()


def listed(names):
    """Files by folder: `folder/`: a, b, c."""
    folders = defaultdict(list)
    for name in names:
        folder, _, base = name.rpartition("/")
        folders[folder].append(base)
    bases = {tuple(members) for members in folders.values()}
    if len(folders) > 3 and len(bases) == 1:
        same = ", ".join(f"`{base}`" for base in bases.pop())
        return [f"- {same} in each of {', '.join(f'`{folder}/`' for folder in sorted(folders))}"]
    return [f"- `{folder}/`: {', '.join(f'`{base}`' for base in members)}" for folder, members in sorted(folders.items())]


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|", *("| " + " | ".join(map(str, row)) + " |" for row in rows)]


def coverage(account):
    """docs/importers/coverage.md: counts and reasons, nothing that differs from run to run."""
    summary, files = account["summary"], account["files"]
    folders, formats = defaultdict(Counter), defaultdict(Counter)
    for name, entry in files.items():
        folders[name.split("/")[0]][entry["status"]] += 1
        formats[entry.get("format") or ""][entry["status"]] += 1
    total = Counter(entry["status"] for entry in files.values())
    lines = [
        "# What the corpus became", "",
        "Made from the report of `perennial ingest` by `tests/judges/corpus_all.py --coverage`, and compared with each new report by "
        "`make test`. Nothing here is written by hand, but the sentences that explain the reasons stand in that judge.", "",
        f"{len(files)} files are accounted for: {total['imported']} made records, {total['attached']} belong to the record whose label names them, "
        f"{total['refused']} were refused and {total['noted']} understood without a record; each of these has its reason below. "
        f"The {summary['documents']} documents in the files (a line of NDJSON is one) gave {summary['created']} records and {summary['replaced']} "
        f"further revisions of them; {summary['unchanged']} said what was already known.", "",
        "## Folders", "",
        *table(["folder", "files", *STATUSES], [[f"`{name}/`", sum(counts.values()), *(counts[status] for status in STATUSES)] for name, counts in sorted(folders.items())]
               + [["all", len(files), *(total[status] for status in STATUSES)]]), "",
        "## Formats", "",
        "Mapped are the fields that went into records, kept those that stand in the kept source document alone.", "",
        *table(["format", "files", "documents", "records", "refused", "mapped", "kept", "findings"],
               [[name, sum(formats[name].values()), *(numbers[member] for member in ("documents", "records", "refused", "mapped", "kept", "findings"))]
                for name, numbers in sorted(summary["formats"].items())]), "",
        f"{sum(formats[''].values())} files are of no format of an importer: {formats['']['attached']} of them are attached, {formats['']['imported']} are lists of checksums and became records of evidence, "
        f"{formats['']['refused']} were refused.", "",
        "## Kinds of records", "",
        *table(["kind", "documents that gave one"], sorted(summary["records"].items())), "",
        "## Refused", "",
    ]
    reasons = defaultdict(list)
    for name, entry in files.items():
        for reason in entry.get("reasons", []):
            reasons[general(reason)].append(name)
    for reason, names in sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0])):
        lines += [f"### {reason}", "", f"{len(names)} {'file' if len(names) == 1 else 'files'}. {explanation(reason) or 'Not explained.'}", "", *listed(sorted(names)), ""]
    lines += ["## Without a record", "", "A STAC Catalog orders other documents and describes no data.", ""]
    for name, entry in sorted(files.items()):
        if entry["status"] == "noted":
            lines += [f"- `{name}`: {'; '.join(entry.get('findings', []))}"]
    lines += ["", "## Findings", "", "What was noticed, by format, with the names in it left out; `ingest --report` gives each with its file.", ""]
    noticed = Counter((entry.get("format") or "none", finding_of(text, entry)) for entry in files.values() for text in entry.get("findings", []))
    lines += table(["what", "format", "times"], [[text, name, count] for (name, text), count in sorted(noticed.items(), key=lambda item: (-item[1], item[0]))])
    return "\n".join(lines).rstrip() + "\n"


def finding_of(text, entry):
    """A finding without identifiers, quotations and numbers; a cell of a table."""
    for key in entry.get("records", []):
        identifier = key.split(" ", 1)[1]
        for name in (identifier, identifier.split("/", 1)[-1]):
            text = text.removeprefix(f"{name}: ")
    text = re.sub(r"^(urn:|https?://|spase://)\S+: |^[^\s:]+: (?=[A-Za-z^\"])", "", text)
    text = re.sub(r'"[^"]*"|\S+\.(csv|CSV|tab|TAB)\b', "…", text)
    return re.sub(r"-?\d+(\.\d+)?", "N", text).replace("|", "\\|")


def explanation(reason):
    return next((why for pattern, why in EXPLAINED if re.search(pattern, reason)), None)


def check_coverage(report, arguments, account):
    text = coverage(account)
    for entry in account["files"].values():
        for reason in entry.get("reasons", []):
            report.check(explanation(general(reason)), f"no sentence explains the refusal: {reason}")
    if arguments.coverage:
        Path(arguments.coverage).write_text(text, encoding="utf-8")
    if arguments.check_coverage:
        committed = Path(arguments.check_coverage)
        same = committed.exists() and committed.read_text(encoding="utf-8") == text
        report.check(same, f"{committed} is not what this ingest gives: make it anew with --coverage and look at the difference")


def judge(arguments, report):
    folder = Path(arguments.shared).resolve() / "corpus/data"
    if not folder.is_dir():
        raise CannotRun(f"{folder} is not there")
    store = Path(arguments.store)
    if store.exists():
        raise RuntimeError(f"{store} is there already")
    names = collect(folder)
    kept = Path(arguments.ingest_report or f"{store}-report.json")
    account, exit_code, seconds = ingest(arguments.binary, store, folder, kept)
    summary, files = account["summary"], account["files"]
    check_files(report, names, files)
    check_sums(report, summary, files, exit_code)
    check_formats(report, folder, files)
    check_coverage(report, arguments, account)
    scratch = Path(f"{store}-again.json")
    copy = Path(f"{store}-again")
    subprocess.run(["cp", "-r", "--", str(store), str(copy)], check=True)
    check_again(report, arguments.binary, copy, folder, scratch, account)
    check_import(report, arguments.binary, store)
    subprocess.run(["rm", "-rf", "--", str(copy), str(scratch)], check=True)
    for name in ("imported", "attached", "refused", "noted"):
        report.figure(name, summary[f"{name}_files"])
    for name in ("created", "replaced", "unchanged"):
        report.figure(name, summary[name])
    report.figure("files/s", round(len(files) / seconds))


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    parsed.add_argument("store", help="a new store; it stays for further judges, with its report beside it")
    parsed.add_argument("--ingest-report", help="where the report of the ingest stays; without: STORE-report.json")
    parsed.add_argument("--coverage", help="write the page of the coverage to this file")
    parsed.add_argument("--check-coverage", help="fail when this file is not the page of the coverage")
    parsed.add_argument("--shared", default=os.environ.get("PERENNIAL_SHARED", str(PROJECT.parent / "shared")), help="folder that holds corpus/")
    run_judge("corpus, all formats", judge, parsed.parse_args())
