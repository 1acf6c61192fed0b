#!/usr/bin/env python3
"""What rocrate and runcrate read in run crates; runs in their own environment, prints one JSON object for each crate.

read_crate.py CRATE.zip…
"""

import argparse
import io
import json
from importlib.metadata import version


def as_list(value):
    return value if isinstance(value, list) else [value] if value else []


def read(path):
    from rocrate.rocrate import ROCrate
    from runcrate.report import dump_crate_actions

    crate = ROCrate(path)
    told = io.StringIO()
    dump_crate_actions(crate, told)
    actions = [entity for entity in crate.contextual_entities if "CreateAction" in as_list(entity.type)]
    return {
        "conforms": [entity if isinstance(entity, str) else entity.id for entity in as_list(crate.root_dataset.get("conformsTo"))],
        "actions": [{
            "instrument": action["instrument"].id,
            "objects": [entity.id for entity in as_list(action.get("object"))],
            "results": [{"id": entity.id, "sha256": entity.get("sha256")} for entity in as_list(action.get("result"))],
            "status": str(action.get("actionStatus")),
        } for action in actions],
        "report": told.getvalue(),
        "tools": {name: version(name) for name in ("rocrate", "runcrate")},
    }


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("crates", nargs="+", metavar="CRATE.zip")
    for path in arguments.parse_args().crates:
        print(json.dumps(read(path)))
