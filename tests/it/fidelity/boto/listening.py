"""Clients of boto3 whose raw answers are held against the model that botocore carries.

botocore drops members that it does not know without a word, and a wrong spelling would look like a missing member.
"""
import datetime
import json
import os
import re
import time
import xml.etree.ElementTree as xml

import boto3
import botocore.exceptions
from botocore.config import Config

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
ACCOUNT = "123456789012"
FINDINGS = []
HEARD = set()
DEADLINE = time.monotonic() + 120
# Where the service itself strays from its model.
STRAYS = {
    # Products are CREATED, whatever the model says (facts §8).
    "ProductViewDetail/Status",
    "ProductViewDetails/Status",
}
SESSION = boto3.Session()


def client(service, account=ACCOUNT, **more):
    """A client with the keys of an account; an account is its own access key id."""
    return SESSION.client(service, region_name="us-east-1", aws_access_key_id=account, aws_secret_access_key="any",
                          config=Config(retries={"max_attempts": 1}, **more))


def hear(response_dict, operation_model, **_):
    """Hears every answer before botocore reads it."""
    service, name = operation_model.service_model.service_name, operation_model.name
    shape, body = operation_model.output_shape, response_dict["body"]
    if not response_dict["headers"].get("x-amzn-requestid") and not response_dict["headers"].get("x-amz-request-id"):
        FINDINGS.append(f"{name} is answered without a request id")
    if service == "servicecatalog":
        bytes_of(response_dict, name)
    if response_dict["status_code"] >= 300:
        return refusal(operation_model, body)
    # What is only ever refused has not been heard.
    HEARD.add((service, name))
    if operation_model.has_streaming_output or name == "GetBucketPolicy":
        # The body is the object, or the policy, itself.
        pass
    elif operation_model.service_model.resolved_protocol == "json":
        if shape:
            hold(shape, json.loads(body), name)
        elif json.loads(body):
            FINDINGS.append(f"{name} has no answer in the model")
    elif body:
        root = xml.fromstring(body)
        wrapper = shape and shape.serialization.get("resultWrapper")
        if wrapper:
            root = next(child for child in root if tag(child) == wrapper)
        if shape:
            hold_xml(shape, root, name)


def bytes_of(response_dict, name):
    """Holds the bytes of an answer against what all recordings have in common (facts §1, §2)."""
    def members(pairs):
        keys = [key for key, _ in pairs]
        if keys != sorted(set(keys)) and keys != ["__type", "Message"]:
            FINDINGS.append(f"{name}: members in another order: {keys}")
        if any(value is None for _, value in pairs):
            FINDINGS.append(f"{name}: null in {keys}")
        return dict(pairs)

    def number(text):
        if not re.fullmatch(r"\d\.\d+E9", text):
            FINDINGS.append(f"{name}: {text} is no time as the service writes it")
        return float(text)

    json.loads(response_dict["body"], object_pairs_hook=members, parse_float=number)
    headers = response_dict["headers"]
    if headers["content-type"] != "application/x-amz-json-1.1" or "x-amz-crc32" in headers:
        FINDINGS.append(f"{name}: other headers than recorded: {dict(headers)}")
    if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", headers["x-amzn-requestid"]):
        FINDINGS.append(f"{name}: {headers['x-amzn-requestid']} is no request id")
    if response_dict["status_code"] not in (200, 400):
        FINDINGS.append(f"{name}: status {response_dict['status_code']}")


SESSION.events.register("before-parse", hear)


def refusal(operation_model, body):
    name = operation_model.name
    if operation_model.service_model.service_name == "servicecatalog":
        code = json.loads(body)["__type"]
        if code not in {shape.name for shape in operation_model.error_shapes} | {"ValidationException"}:
            FINDINGS.append(f"{name} may not answer {code}")
    elif body and body[:1] == b"{":
        if not json.loads(body).get("__type"):
            FINDINGS.append(f"{name} refuses without a code")
    elif body and not any(tag(item) == "Code" and item.text for item in xml.fromstring(body).iter()):
        FINDINGS.append(f"{name} refuses without a code")


def hold(shape, value, path):
    """Notes where a value of JSON has another shape than the model's."""
    kinds = {"structure": dict, "map": dict, "list": list, "string": str, "boolean": bool, "integer": int, "long": int,
             "timestamp": (int, float)}
    if not isinstance(value, kinds[shape.type_name]):
        FINDINGS.append(f"{path}: {value!r} is no {shape.type_name}")
    elif shape.type_name == "structure":
        for member in set(shape.required_members) - set(value):
            FINDINGS.append(f"{path}/{member} is required")
        for member, item in value.items():
            if member in shape.members:
                hold(shape.members[member], item, f"{path}/{member}")
            else:
                FINDINGS.append(f"{path}/{member} is not in the model")
    elif shape.type_name == "list":
        for item in value:
            hold(shape.member, item, path)
    elif shape.type_name == "map":
        for key, item in value.items():
            hold(shape.value, item, f"{path}/{key}")
    elif shape.type_name == "string":
        one_of(shape, value, path)


def one_of(shape, value, path):
    if shape.enum and value not in shape.enum and "/".join(path.split("/")[-2:]) not in STRAYS:
        FINDINGS.append(f"{path}: {value} is not of {shape.enum}")


def tag(element):
    return element.tag.rsplit("}", 1)[-1]


def hold_xml(shape, element, path):
    """Notes where an element of XML has another shape than the model's."""
    kind = shape.type_name
    if kind == "structure":
        inner = shape.serialization.get("payload")
        if inner:
            return hold_xml(shape.members[inner], element, path)
        names = {}
        for name, member in shape.members.items():
            flat = member.type_name == "list" and member.serialization.get("flattened")
            within = member.member.serialization.get("name") if flat else None
            names[within or member.serialization.get("name", name)] = (name, member, flat)
        seen = set()
        for child in element:
            if tag(child) not in names:
                FINDINGS.append(f"{path}/{tag(child)} is not in the model")
                continue
            name, member, flat = names[tag(child)]
            seen.add(name)
            hold_xml(member.member if flat else member, child, f"{path}/{name}")
        for name in set(shape.required_members) - seen:
            # An empty list leaves no trace where it has no element of its own, nor has what is a header one.
            member = shape.members[name]
            if not member.serialization.get("flattened") and "location" not in member.serialization:
                FINDINGS.append(f"{path}/{name} is required")
    elif kind == "list":
        expected = shape.member.serialization.get("name", "member")
        for child in element:
            if tag(child) != expected:
                FINDINGS.append(f"{path}: {tag(child)} for {expected}")
            hold_xml(shape.member, child, path)
    elif kind == "map":
        for entry in element:
            hold_xml(shape.value, next(item for item in entry if tag(item) == "value"), path)
    else:
        scalar(shape, (element.text or "").strip(), path)


def scalar(shape, text, path):
    kind = shape.type_name
    try:
        if kind in ("integer", "long"):
            int(text)
        elif kind == "timestamp":
            datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        elif kind == "boolean" and text not in ("true", "false"):
            raise ValueError(text)
        elif kind == "string" and text:
            one_of(shape, text, path)
    except ValueError:
        FINDINGS.append(f"{path}: {text!r} is no {kind}")


def refused(code, call, **arguments):
    """Makes a call that must be refused with that code, and returns the message."""
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error.response["Error"]["Message"]
    raise AssertionError(f"{code} was expected of {arguments}")


def until(what, read, good):
    """Reads until it is good."""
    while not good(read()):
        assert time.monotonic() < DEADLINE, f"{what} takes too long: {read()}"
        time.sleep(0.05)
    return read()
