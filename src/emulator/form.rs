//! What the Query/XML services (CloudFormation, STS) share: forms in, XML out.
