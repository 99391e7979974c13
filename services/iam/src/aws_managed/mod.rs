//! The managed policies of AWS that a server comes with.
//!
//! The documents are AWS's own, in the version named beside them; the ones chosen
//! are those that the walk through Lambda and its neighbours meets. One that is not
//! here does not exist, and attaching it says so.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::document::Document;
use crate::managed_policy::{ManagedPolicy, PolicyVersion};
use crate::names::{PolicyArn, PolicyOwner};
use crate::tags::Tags;

/// A row of the table: where the policy stands, and which version of it this is.
struct Row {
    path: &'static str,
    name: &'static str,
    version: u32,
    created_at: &'static str,
    updated_at: &'static str,
    document: &'static str,
}

macro_rules! aws_managed {
    ($path:literal, $name:literal, $version:literal, $created_at:literal, $updated_at:literal) => {
        Row {
            path: $path,
            name: $name,
            version: $version,
            created_at: $created_at,
            updated_at: $updated_at,
            document: include_str!(concat!("documents/", $name, ".json")),
        }
    };
}

/// Source: the answers of `iam:GetPolicy` and `iam:GetPolicyVersion` for each.
static ROWS: &[Row] = &[
    aws_managed!("/service-role/", "AWSLambdaBasicExecutionRole", 1, "2015-04-09T15:03:43Z", "2015-04-09T15:03:43Z"),
    aws_managed!(
        "/service-role/",
        "AWSLambdaVPCAccessExecutionRole",
        3,
        "2016-02-11T23:15:26Z",
        "2024-01-05T22:38:26Z"
    ),
    aws_managed!("/service-role/", "AWSLambdaENIManagementAccess", 2, "2016-12-06T00:37:27Z", "2020-10-01T20:07:26Z"),
    aws_managed!("/service-role/", "AWSLambdaSQSQueueExecutionRole", 1, "2018-06-14T21:50:45Z", "2018-06-14T21:50:45Z"),
    aws_managed!("/service-role/", "AWSLambdaKinesisExecutionRole", 2, "2015-04-09T15:14:16Z", "2018-11-19T20:09:24Z"),
    aws_managed!("/service-role/", "AWSLambdaDynamoDBExecutionRole", 1, "2015-04-09T15:09:29Z", "2015-04-09T15:09:29Z"),
    aws_managed!("/service-role/", "AWSLambdaMSKExecutionRole", 2, "2020-08-11T17:35:05Z", "2022-08-02T20:08:02Z"),
    aws_managed!(
        "/service-role/",
        "AWSLambdaBasicDurableExecutionRolePolicy",
        3,
        "2025-12-02T15:04:12Z",
        "2026-02-12T18:01:44Z"
    ),
    aws_managed!("/service-role/", "AWSLambdaRole", 1, "2015-02-06T18:41:28Z", "2015-02-06T18:41:28Z"),
    aws_managed!("/", "AWSLambda_FullAccess", 7, "2020-11-17T21:14:08Z", "2026-02-12T18:00:51Z"),
    aws_managed!("/", "AWSLambda_ReadOnlyAccess", 5, "2020-11-17T21:10:32Z", "2026-02-12T18:02:55Z"),
    aws_managed!("/", "AWSLambdaExecute", 1, "2015-02-06T18:40:46Z", "2015-02-06T18:40:46Z"),
    aws_managed!("/", "AWSLambdaInvocation-DynamoDB", 1, "2015-02-06T18:40:47Z", "2015-02-06T18:40:47Z"),
    aws_managed!("/", "CloudWatchLambdaInsightsExecutionRolePolicy", 1, "2020-10-07T19:27:06Z", "2020-10-07T19:27:06Z"),
    aws_managed!("/", "AdministratorAccess", 1, "2015-02-06T18:39:46Z", "2015-02-06T18:39:46Z"),
    aws_managed!("/", "PowerUserAccess", 12, "2015-02-06T18:39:47Z", "2026-02-12T17:59:14Z"),
    aws_managed!("/", "ReadOnlyAccess", 182, "2015-02-06T18:39:48Z", "2026-04-03T15:27:12Z"),
    aws_managed!("/", "IAMFullAccess", 2, "2015-02-06T18:40:38Z", "2019-06-21T19:40:00Z"),
    aws_managed!("/", "IAMReadOnlyAccess", 4, "2015-02-06T18:40:39Z", "2018-01-25T19:11:27Z"),
    aws_managed!("/", "CloudWatchFullAccess", 4, "2015-02-06T18:40:00Z", "2022-11-27T13:23:49Z"),
    aws_managed!("/", "CloudWatchFullAccessV2", 15, "2023-08-01T11:32:57Z", "2026-02-12T18:00:06Z"),
    aws_managed!("/", "CloudWatchReadOnlyAccess", 24, "2015-02-06T18:40:01Z", "2026-02-12T18:01:50Z"),
    aws_managed!("/", "CloudWatchLogsFullAccess", 8, "2015-02-06T18:40:02Z", "2026-02-12T18:00:33Z"),
    aws_managed!("/", "CloudWatchLogsReadOnlyAccess", 12, "2015-02-06T18:40:03Z", "2026-02-12T17:59:13Z"),
    aws_managed!("/", "AWSXRayDaemonWriteAccess", 2, "2018-08-28T23:00:33Z", "2024-02-13T21:58:30Z"),
    aws_managed!("/", "AWSXrayWriteOnlyAccess", 2, "2016-12-01T18:19:53Z", "2018-08-28T23:03:04Z"),
    aws_managed!("/", "AmazonS3FullAccess", 2, "2015-02-06T18:40:58Z", "2021-09-27T20:16:37Z"),
    aws_managed!("/", "AmazonS3ReadOnlyAccess", 3, "2015-02-06T18:40:59Z", "2023-08-10T21:31:39Z"),
    aws_managed!("/", "AmazonSQSFullAccess", 1, "2015-02-06T18:41:07Z", "2015-02-06T18:41:07Z"),
    aws_managed!("/", "AmazonSQSReadOnlyAccess", 4, "2015-02-06T18:41:08Z", "2024-05-24T18:16:44Z"),
    aws_managed!("/", "AmazonSNSFullAccess", 2, "2015-02-06T18:41:05Z", "2024-09-24T22:32:05Z"),
    aws_managed!("/", "AmazonSNSReadOnlyAccess", 2, "2015-02-06T18:41:06Z", "2024-09-24T22:13:12Z"),
    aws_managed!("/", "AmazonDynamoDBFullAccess", 15, "2015-02-06T18:40:11Z", "2021-01-29T17:38:30Z"),
    aws_managed!("/", "AmazonDynamoDBFullAccess_v2", 3, "2025-05-22T14:52:06Z", "2026-02-12T18:02:57Z"),
    aws_managed!("/", "AmazonDynamoDBReadOnlyAccess", 15, "2015-02-06T18:40:12Z", "2024-11-18T17:38:15Z"),
    aws_managed!("/", "AmazonKinesisFullAccess", 1, "2015-02-06T18:40:29Z", "2015-02-06T18:40:29Z"),
    aws_managed!("/", "AmazonKinesisReadOnlyAccess", 1, "2015-02-06T18:40:30Z", "2015-02-06T18:40:30Z"),
    aws_managed!("/", "AmazonEventBridgeFullAccess", 7, "2019-07-11T14:08:55Z", "2026-02-12T17:58:25Z"),
    aws_managed!("/", "AWSStepFunctionsFullAccess", 1, "2017-01-11T21:51:32Z", "2017-01-11T21:51:32Z"),
    aws_managed!("/", "AmazonAPIGatewayInvokeFullAccess", 2, "2015-07-09T17:36:12Z", "2018-12-18T18:25:10Z"),
    aws_managed!(
        "/service-role/",
        "AmazonAPIGatewayPushToCloudWatchLogs",
        1,
        "2015-11-11T23:41:46Z",
        "2015-11-11T23:41:46Z"
    ),
    aws_managed!("/", "SecretsManagerReadWrite", 5, "2018-04-04T18:05:29Z", "2024-02-22T18:12:06Z"),
    aws_managed!("/", "AmazonSSMReadOnlyAccess", 1, "2015-05-29T17:44:19Z", "2015-05-29T17:44:19Z"),
];

static CATALOGUE: LazyLock<BTreeMap<PolicyArn, ManagedPolicy>> =
    LazyLock::new(|| ROWS.iter().map(Row::policy).map(|policy| (policy.arn.clone(), policy)).collect());

/// AWS's policy of this ARN.
pub(crate) fn get(arn: &PolicyArn) -> Option<&'static ManagedPolicy> {
    CATALOGUE.get(arn)
}

/// All of AWS's policies, ordered by ARN.
pub(crate) fn all() -> impl Iterator<Item = &'static ManagedPolicy> {
    CATALOGUE.values()
}

impl Row {
    fn policy(&self) -> ManagedPolicy {
        let name = self.name.parse().expect("the table's names are names");
        let path = self.path.parse().expect("the table's paths are paths");
        let updated_at = self.updated_at.parse().expect("the table's times are times");
        let version = PolicyVersion {
            number: self.version,
            document: Document::catalogued(self.document.trim_end()),
            created_at: updated_at,
        };
        ManagedPolicy {
            arn: PolicyArn::new(PolicyOwner::Aws, &path, &name),
            id: id_of(self.name).into(),
            name,
            path,
            created_at: self.created_at.parse().expect("the table's times are times"),
            updated_at,
            description: None,
            versions: vec![version],
            default_version: self.version,
            last_version: self.version,
            tags: Tags::default(),
        }
    }
}

/// An id that stays the same from start to start. AWS's own are not published.
fn id_of(name: &str) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let tail = Sha256::digest(name)
        .iter()
        .take(17)
        .map(|&byte| char::from(letters[usize::from(byte & 31)]))
        .collect::<String>();
    format!("ANPA{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_is_a_policy() {
        assert_eq!(all().count(), ROWS.len());
        for policy in all() {
            // Compiles it, or panics with what is wrong.
            let _ = policy.document().policy();
            assert_eq!((policy.id.len(), policy.arn.name()), (21, policy.name.as_str()));
        }
    }

    #[test]
    fn the_basic_execution_role_is_where_everyone_expects_it() {
        let arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole".parse().unwrap();
        let policy = get(&arn).unwrap();
        assert_eq!(policy.default_version, 1);
        assert!(policy.document().text().contains("logs:PutLogEvents"));
    }
}
