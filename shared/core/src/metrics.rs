//! Metrics in CloudWatch's embedded metric format: one JSON line on standard output, from which CloudWatch makes metrics.
//!
//! The line must stand alone, with the values at its root, so it does not go through the log.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The namespace of all metrics.
pub const NAMESPACE: &str = "TerraformLocks";

/// A metric: its name, and `Seconds` or `Count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its unit, as CloudWatch calls it.
    pub unit: &'static str,
}

const fn count(name: &'static str) -> Metric {
    Metric {
        name,
        unit: "Count",
    }
}

/// Age of the oldest stale lock nobody has dealt with, seconds; 0 when none is stale.
pub const OLDEST_UNPROCESSED_AGE: Metric = Metric {
    name: "OldestUnprocessedAge",
    unit: "Seconds",
};
/// How many locks a sweep saw.
pub const HELD_LOCKS: Metric = count("HeldLocks");
/// How many of them are stale.
pub const STALE_LOCKS: Metric = count("StaleLocks");
/// How many of them cannot be understood.
pub const UNREADABLE_LOCKS: Metric = count("UnreadableLocks");
/// 1 when a sweep read everything, 0 when not.
pub const SWEEP_COMPLETED: Metric = count("SweepCompleted");
/// 1 when a sweep could not read everything, 0 when it did.
pub const SWEEP_INCOMPLETE: Metric = count("SweepIncomplete");
/// 1 when a sweep found the policy object broken, 0 when it found it good; written only where the policy is in an object.
pub const POLICY_ERROR: Metric = count("PolicyError");
/// Locks released.
pub const RELEASED: Metric = count("Released");
/// Decisions refused.
pub const REJECTED_DECISIONS: Metric = count("RejectedDecisions");
/// Requests to the approval page without a valid link, or that are none.
pub const PAGE_TURNED_AWAY: Metric = count("PageTurnedAway");

/// The line for some metrics.
#[must_use]
pub fn line(now: Timestamp, values: &[(Metric, i64)]) -> String {
    let metrics: Vec<Value> = values
        .iter()
        .map(|(metric, _)| json!({"Name": metric.name, "Unit": metric.unit}))
        .collect();
    let mut document = Map::new();
    document.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [[]], "Metrics": metrics}],
        }),
    );
    for (metric, value) in values {
        document.insert(metric.name.to_owned(), json!(value));
    }
    Value::Object(document).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    #[test]
    fn the_line_has_the_shape_that_cloudwatch_reads() {
        let line = line(
            at("2026-01-01T00:00:00Z"),
            &[(STALE_LOCKS, 2), (OLDEST_UNPROCESSED_AGE, 900)],
        );
        let value: Value = serde_json::from_str(&line).unwrap();
        let directive = &value["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(value["_aws"]["Timestamp"], 1_767_225_600_000_i64);
        assert_eq!(directive["Dimensions"], json!([[]]));
        for metric in directive["Metrics"].as_array().unwrap() {
            assert!(value[metric["Name"].as_str().unwrap()].is_number());
        }
        assert!(!line.contains('\n'));
    }
}
