//! The template bucket: private, public access blocked, TLS only (design §7).

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, PublicAccessBlockConfiguration,
};

use super::done;
use crate::aws::client::Aws;
use crate::aws::error::Failure;
use crate::aws::pace::Access;
use crate::ids::Target;
use crate::model::template::Template;
use crate::plan::op::Answer;

/// The region whose buckets have no location constraint.
const FIRST_REGION: &str = "us-east-1";

impl Aws {
    pub(super) async fn create_bucket(&self, bucket: &str) -> Result<Answer, Failure> {
        let region = self.target().region.as_str();
        let location = (region != FIRST_REGION).then(|| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(region))
                .build()
        });
        let request = self
            .s3()
            .create_bucket()
            .bucket(bucket)
            .set_create_bucket_configuration(location);
        match self
            .call("CreateBucket", Access::Write, || request.clone().send())
            .await
        {
            Ok(_) => done(),
            Err(failure) if failure.code == "BucketAlreadyOwnedByYou" => done(),
            Err(failure) => Err(failure),
        }
    }

    pub(super) async fn block_public_access(&self, bucket: &str) -> Result<Answer, Failure> {
        let all = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true)
            .build();
        let request = self
            .s3()
            .put_public_access_block()
            .bucket(bucket)
            .public_access_block_configuration(all)
            .expected_bucket_owner(self.target().account.as_str());
        self.call("PutPublicAccessBlock", Access::Write, || {
            request.clone().send()
        })
        .await?;
        done()
    }

    pub(super) async fn put_bucket_policy(&self, bucket: &str) -> Result<Answer, Failure> {
        let request = self
            .s3()
            .put_bucket_policy()
            .bucket(bucket)
            .policy(tls_only(self.target(), bucket))
            .expected_bucket_owner(self.target().account.as_str());
        self.call("PutBucketPolicy", Access::Write, || request.clone().send())
            .await?;
        done()
    }

    pub(super) async fn put_template(
        &self,
        bucket: &str,
        template: &Template,
    ) -> Result<Answer, Failure> {
        let body = bytes::Bytes::copy_from_slice(&template.bytes);
        self.call("PutObject", Access::Write, || {
            self.s3()
                .put_object()
                .bucket(bucket)
                .key(template.object_key())
                .expected_bucket_owner(self.target().account.as_str())
                .body(ByteStream::from(body.clone()))
                .send()
        })
        .await?;
        done()
    }
}

/// A policy that refuses everything that does not come over TLS.
fn tls_only(target: &Target, bucket: &str) -> String {
    let arn = format!("arn:{}:s3:::{bucket}", target.partition);
    serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, format!("{arn}/*")],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }],
    })
    .to_string()
}

/// Where Service Catalog finds an object of the bucket: always AWS's own name for it, whatever endpoint we call
/// (design §7).
pub(in crate::aws) fn object_url(target: &Target, bucket: &str, key: &str) -> String {
    let suffix = match target.partition.as_str() {
        "aws-cn" => "amazonaws.com.cn",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        _ => "amazonaws.com",
    };
    format!("https://{bucket}.s3.{}.{suffix}/{key}", target.region)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, Region};

    fn target(partition: &str, region: &str) -> Target {
        Target {
            account: AccountId::new("123456789012"),
            region: Region::new(region),
            partition: partition.to_owned(),
        }
    }

    #[test]
    fn urls_follow_the_partition() {
        assert_eq!(
            object_url(&target("aws", "eu-central-1"), "b", "templates/0a"),
            "https://b.s3.eu-central-1.amazonaws.com/templates/0a"
        );
        assert_eq!(
            object_url(&target("aws-cn", "cn-north-1"), "b", "k"),
            "https://b.s3.cn-north-1.amazonaws.com.cn/k"
        );
    }

    #[test]
    fn the_policy_refuses_plain_http_for_bucket_and_objects() {
        let policy: serde_json::Value =
            serde_json::from_str(&tls_only(&target("aws-us-gov", "us-gov-west-1"), "b")).unwrap();
        let statement = &policy["Statement"][0];
        assert_eq!(statement["Effect"], "Deny");
        assert_eq!(
            statement["Condition"]["Bool"]["aws:SecureTransport"],
            "false"
        );
        assert_eq!(
            statement["Resource"],
            serde_json::json!(["arn:aws-us-gov:s3:::b", "arn:aws-us-gov:s3:::b/*"])
        );
    }
}
