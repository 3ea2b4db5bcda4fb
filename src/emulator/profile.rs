//! How slow and how inconsistent an embedded AWS is of itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::api::Timing;
use super::faults::{Faults, Lag, Latency, Rates};
use crate::clock::Entropy;

/// A temperament.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Everything asynchronous is done at the next call.
    Instant,
    /// Short but visible: a stack takes a second or two.
    #[default]
    Local,
    /// As slow, late and busy as the real one seems to be.
    Aws,
}

impl std::str::FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "instant" => Ok(Self::Instant),
            "local" => Ok(Self::Local),
            "aws" => Ok(Self::Aws),
            _ => Err("give `instant`, `local` or `aws`".to_owned()),
        }
    }
}

impl Profile {
    /// How long the asynchronous work of one call takes.
    pub(super) fn timing(self, entropy: &mut Entropy) -> Timing {
        let millis = Duration::from_millis;
        let mut between = |least: u64, most: u64| millis(least + entropy.below(most - least + 1));
        match self {
            Self::Instant => Timing {
                stack_start: Duration::ZERO,
                per_resource: Duration::ZERO,
                record_end: Duration::ZERO,
                creating: Duration::ZERO,
                copying: Duration::ZERO,
                sharing: Duration::ZERO,
            },
            Self::Local => Timing {
                stack_start: millis(200),
                per_resource: millis(300),
                record_end: millis(300),
                creating: millis(400),
                copying: millis(400),
                sharing: millis(400),
            },
            // Facts §10.1: 1.1 to 1.4 s, and 6 to 10 s. The others have no measurements: a stack of five
            // resources takes 20 to 50 s (a guess), factories poll versions every 3 s.
            Self::Aws => {
                let stack_start = between(1_100, 1_400);
                let per_resource = between(4_000, 10_000);
                Timing {
                    stack_start,
                    per_resource,
                    record_end: between(6_000, 10_000),
                    creating: between(1_000, 3_000),
                    // Tools poll copies every second (facts §9.1), shares every five (facts §9.8); as long as a
                    // resource is a guess. No call makes two of them, so one number does.
                    copying: per_resource,
                    sharing: per_resource,
                }
            }
        }
    }

    /// What goes wrong without any fault being asked for.
    pub(super) fn faults(self) -> Faults {
        match self {
            Self::Instant | Self::Local => Faults::default(),
            Self::Aws => Faults {
                // Not published; a bucket of 5 to 10 a second would fit what is known (facts §6, a guess).
                throttle: Some(Rates {
                    reads: 8.0,
                    writes: 5.0,
                    version_writes: 3.0,
                }),
                // Terraform wants two good reads 2 s apart, the factory polls searches every 2 s (facts §7).
                lag: Some(Lag {
                    describe: 2.0,
                    search: 5.0,
                    chance: 0.4,
                }),
                latency: Some(Latency {
                    least: 0.04,
                    most: 0.16,
                }),
                lost_updates: Some(true),
                ..Faults::default()
            },
        }
    }
}
