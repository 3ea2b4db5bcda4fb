//! Which types of resources hold data that is lost with them.

/// Types that keep what users put into them: databases, files, repositories, keys and users' accounts. Caches, queues and logs
/// are left out: what is in them is made to be lost.
const STATEFUL: &[&str] = &[
    "AWS::Backup::BackupVault",
    "AWS::CodeCommit::Repository",
    "AWS::Cognito::UserPool",
    "AWS::DirectoryService::MicrosoftAD",
    "AWS::DirectoryService::SimpleAD",
    "AWS::DocDB::DBCluster",
    "AWS::DocDB::DBInstance",
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::EC2::Volume",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::Elasticsearch::Domain",
    "AWS::FSx::FileSystem",
    "AWS::FSx::Volume",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::MSK::Cluster",
    "AWS::MemoryDB::Cluster",
    "AWS::Neptune::DBCluster",
    "AWS::Neptune::DBInstance",
    "AWS::OpenSearchService::Domain",
    "AWS::QLDB::Ledger",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::RDS::GlobalCluster",
    "AWS::Redshift::Cluster",
    "AWS::S3::Bucket",
    "AWS::S3Express::DirectoryBucket",
    "AWS::SDB::Domain",
    "AWS::SecretsManager::Secret",
    "AWS::Serverless::SimpleTable",
    "AWS::Timestream::Database",
    "AWS::Timestream::Table",
    "AWS::WorkSpaces::Workspace",
];

/// Whether a type holds data.
pub fn is_stateful(kind: &str) -> bool {
    STATEFUL.binary_search(&kind).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order() {
        assert!(STATEFUL.is_sorted());
        assert!(is_stateful("AWS::RDS::DBInstance") && !is_stateful("AWS::SNS::Topic"));
    }
}
