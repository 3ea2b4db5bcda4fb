"""Calls an embedded AWS as anybody's Python would, with an unchanged boto3, and reports what was heard as JSON.

    AWS_ENDPOINT_URL=http://127.0.0.1:4566 python3 tests/it/fidelity/boto
"""
import json

import extras
import launches
import shares
import stacks
import storage
from catalog import Catalog
from listening import FINDINGS, HEARD
from walking import WAITED, WALKED, paginators, waiters


def main():
    url = storage.templates()
    storage.settings()
    role, launcher = stacks.sessions()
    cloudformation = stacks.stacks(url)
    catalog = Catalog(url, role, launcher)
    launches.launches(catalog, cloudformation)
    launches.copies(catalog, cloudformation)
    launches.stack_sets(catalog, cloudformation)
    launches.plans(catalog)
    extras.extras(catalog)
    catalog.farewell()
    shares.shares()
    print(json.dumps({
        "findings": FINDINGS,
        "heard": sorted(f"{service}:{operation}" for service, operation in HEARD),
        "walked": sorted(operation for service, operation in WALKED if service == "servicecatalog"),
        "paginators": paginators("servicecatalog"),
        "waited": sorted(f"{service}:{name}" for service, name in WAITED),
        "waiters": {f"{service}:{name}": operation for service in ("cloudformation", "s3", "servicecatalog")
                    for name, operation in waiters(service).items()},
    }))


main()
