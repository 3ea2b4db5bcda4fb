#!/usr/bin/env python3
"""Writes <service>.json: what the published model says about the input of each operation.

Only names, types and limits are kept: no documentation text. The source is the model that botocore carries, in the
version that the tests use; one of them compares. Of operations that are named after the service the input is kept, of
the others the name alone; without any, the input of all is.

    "$(.ci/clients)/bin/python" src/emulator/model/generate.py servicecatalog > table.json
    mv table.json src/emulator/model/servicecatalog.json

In the same way `ssm PutParameter GetParameter GetParameters DeleteParameter` and
`resourcegroupstaggingapi GetResources`.
"""
import glob
import gzip
import json
import os
import sys

import botocore

LIMITS = ("min", "max", "pattern", "enum")


def main(service="servicecatalog", *wanted):
    path = os.path.join(os.path.dirname(botocore.__file__), "data", service, "*", "service-2.json.gz")
    with gzip.open(max(glob.glob(path))) as file:
        model = json.load(file)
    shapes = {}

    def keep(name):
        if name in shapes:
            return
        shape = model["shapes"][name]
        kept = {"type": shape["type"]}
        kept.update({limit: shape[limit] for limit in LIMITS if limit in shape})
        shapes[name] = kept
        if shape["type"] == "structure":
            kept["members"] = {k: v["shape"] for k, v in shape["members"].items()}
            if shape.get("required"):
                kept["required"] = sorted(shape["required"])
            for member in kept["members"].values():
                keep(member)
        elif shape["type"] == "list":
            kept["of"] = shape["member"]["shape"]
            keep(kept["of"])
        elif shape["type"] == "map":
            kept["key"], kept["of"] = shape["key"]["shape"], shape["value"]["shape"]
            keep(kept["key"])
            keep(kept["of"])

    operations = {}
    for name, operation in model["operations"].items():
        operations[name] = ""
        if not wanted or name in wanted:
            operations[name] = operation["input"]["shape"]
            keep(operations[name])
    # One line a shape, so that a change of the model reads well as a diff.
    line = lambda pair: json.dumps(pair[0]) + ":" + json.dumps(pair[1], sort_keys=True, separators=(",", ":"))
    block = lambda table: "{\n" + ",\n".join(map(line, sorted(table.items()))) + "\n}"
    print('{"operations":' + block(operations) + ',\n"shapes":' + block(shapes) + "}")


main(*sys.argv[1:])
