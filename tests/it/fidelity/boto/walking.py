"""Paginators and waiters, and which of them were tried."""

from listening import client

WALKED = set()
WAITED = set()


def walk(of, operation, key, size=1, **arguments):
    """All items of a listing, read a page at a time. Only a walk of several pages counts as one."""
    pages = list(of.get_paginator(operation).paginate(PaginationConfig={"PageSize": size}, **arguments))
    for page in pages:
        assert len(page[key]) <= size, (operation, page)
    items = [item for page in pages for item in page[key]]
    assert len(pages) >= len(items) / size, (operation, len(pages), len(items))
    if len(pages) > 1:
        WALKED.add((service(of), of.meta.method_to_api_mapping[operation]))
    return items


def wait(of, name, **arguments):
    """Lets a waiter succeed."""
    of.get_waiter(name).wait(WaiterConfig={"Delay": 1, "MaxAttempts": 10}, **arguments)
    WAITED.add((service(of), name))


def service(of):
    return of.meta.service_model.service_name


def paginators(name):
    """The operations of a service for which botocore has a paginator."""
    of = client(name)
    return sorted(api for method, api in of.meta.method_to_api_mapping.items() if of.can_paginate(method))


def waiters(name):
    """The waiters that botocore has for a service, and the operation that each calls."""
    of = client(name)
    return {waiter: of.get_waiter(waiter).config.operation for waiter in of.waiter_names}
