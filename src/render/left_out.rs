//! What is said of a plan for a part of a source, wherever one is shown: nobody shall take it for the whole.

use crate::plan::Plan;

/// How many of those that differ are named.
const NAMED: usize = 5;

/// `9 objects were left out …`; nothing where the plan is for all of them.
pub fn left_out(plan: &Plan) -> Option<String> {
    let count = plan.left_out.len();
    let differing = plan.left_out.iter().filter(|left| left.differs);
    let differing: Vec<String> = differing.map(|left| left.key.to_string()).collect();
    let objects = match count {
        0 => return None,
        1 => "1 object was left out".to_owned(),
        count => format!("{count} objects were left out"),
    };
    let mut named = differing.iter().take(NAMED).cloned().collect::<Vec<_>>();
    let more = differing.len().saturating_sub(NAMED);
    if more > 0 {
        named.push(format!("{more} more"));
    }
    let rest = match (differing.len(), count) {
        (0, 1) => "it does not differ".to_owned(),
        (0, _) => "none of them differs".to_owned(),
        (1, 1) => format!("it differs: {}", named.join(", ")),
        (1, _) => format!("one of them differs: {}", named.join(", ")),
        (all, _) => format!("{all} of them differ: {}", named.join(", ")),
    };
    Some(format!("{objects} (--only, --portfolio); {rest}"))
}
