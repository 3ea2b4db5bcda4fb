#!/usr/bin/env python3
"""Writes <service>.json: what the published model says about the input of each operation, and its errors.

Only names, types and limits are kept: no documentation text. The source is the model that botocore carries, in the
version that the tests use; one of them compares.

    "$(.ci/clients)/bin/python" src/emulator/model/generate.py servicecatalog > table.json
    mv table.json src/emulator/model/servicecatalog.json
"""
import glob
import gzip
import json
import os
import sys

import botocore

LIMITS = ("min", "max", "pattern", "enum")


# The operations of a service whose input is kept; of its others the name is. None listed are all of them.
TABLES = {
    "servicecatalog": [],
    "ssm": ["PutParameter", "GetParameter", "GetParameters", "DeleteParameter"],
    "resourcegroupstaggingapi": ["GetResources"],
}


def main(service):
    wanted = TABLES[service]
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

    operations, errors = {}, {}
    for name, operation in model["operations"].items():
        operations[name] = ""
        if not wanted or name in wanted:
            operations[name] = operation["input"]["shape"]
            keep(operations[name])
            errors[name] = sorted(error["shape"] for error in operation.get("errors", []))
    # One line a shape, so that a change of the model reads well as a diff.
    line = lambda pair: json.dumps(pair[0]) + ":" + json.dumps(pair[1], sort_keys=True, separators=(",", ":"))
    block = lambda table: "{\n" + ",\n".join(map(line, sorted(table.items()))) + "\n}"
    print('{"errors":' + block(errors) + ',\n"operations":' + block(operations) + ',\n"shapes":' + block(shapes) + "}")


main(sys.argv[1])
