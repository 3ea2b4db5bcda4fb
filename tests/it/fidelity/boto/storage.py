"""S3: buckets, what belongs to them, and objects."""
import urllib.request

from listening import client, refused
from walking import wait, walk

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Description: A topic
Parameters:
  Owner: {Type: String, Description: Who answers for it}
  Size: {Type: String, Default: small, AllowedValues: [small, large]}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Sub "${Owner}-${Size}"}
Outputs:
  Kind: {Description: How large, Value: !Ref Size}
"""


def templates():
    """The address of TEMPLATE."""
    s3 = client("s3")
    wait(s3, "bucket_not_exists", Bucket="templates")
    s3.create_bucket(Bucket="templates")
    wait(s3, "bucket_exists", Bucket="templates")
    wait(s3, "object_not_exists", Bucket="templates", Key="topic.yaml")
    s3.put_object(Bucket="templates", Key="topic.yaml", Body=TEMPLATE.encode(), ContentType="text/yaml")
    wait(s3, "object_exists", Bucket="templates", Key="topic.yaml")
    assert s3.head_object(Bucket="templates", Key="topic.yaml")["ContentType"] == "text/yaml"
    assert s3.get_object(Bucket="templates", Key="topic.yaml")["Body"].read().decode() == TEMPLATE
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["templates"]
    s3.put_object(Bucket="templates", Key="second", Body=b"2")
    assert [item["Key"] for item in walk(s3, "list_objects_v2", "Contents", Bucket="templates")] == [
        "second", "topic.yaml"]
    s3.delete_object(Bucket="templates", Key="second")
    for version in ("s3", "s3v4"):
        url = client("s3", signature_version=version).generate_presigned_url(
            "get_object", Params={"Bucket": "templates", "Key": "topic.yaml"})
        assert urllib.request.urlopen(url, timeout=10).read().decode() == TEMPLATE, url
    stranger = client("s3", account="210987654321")
    refused("AccessDenied", stranger.get_object, Bucket="templates", Key="topic.yaml")
    return "https://templates.s3.us-east-1.amazonaws.com/topic.yaml"


def settings():
    """What a bucket has beside objects."""
    s3 = client("s3")
    s3.create_bucket(Bucket="settings")
    s3.head_bucket(Bucket="settings")
    s3.get_bucket_location(Bucket="settings")
    rule = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
    s3.put_public_access_block(Bucket="settings", PublicAccessBlockConfiguration=rule)
    assert s3.get_public_access_block(Bucket="settings")["PublicAccessBlockConfiguration"] == rule
    s3.delete_public_access_block(Bucket="settings")
    policy = '{"Version":"2012-10-17","Statement":[]}'
    s3.put_bucket_policy(Bucket="settings", Policy=policy)
    assert s3.get_bucket_policy(Bucket="settings")["Policy"] == policy
    s3.put_bucket_encryption(Bucket="settings", ServerSideEncryptionConfiguration={
        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]})
    assert s3.get_bucket_encryption(Bucket="settings")["ServerSideEncryptionConfiguration"]["Rules"]
    s3.put_bucket_versioning(Bucket="settings", VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket="settings")["Status"] == "Enabled"
    s3.put_bucket_tagging(Bucket="settings", Tagging={"TagSet": [{"Key": "team", "Value": "net"}]})
    assert s3.get_bucket_tagging(Bucket="settings")["TagSet"] == [{"Key": "team", "Value": "net"}]
    s3.delete_bucket(Bucket="settings")
