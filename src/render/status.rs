//! How the objects stand, for people: a line for each that is not as it should be, then a summary.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::safe::{MESSAGE, line};
use super::text::{Paint, Style};
use crate::status::{Health, ObjectStatus, Sync};

/// The status block of a pass.
pub fn status(statuses: &[ObjectStatus], style: Style) -> String {
    let mut out = String::new();
    let newest = statuses.iter().filter_map(|o| o.last_verified_at).max();
    for object in statuses.iter().filter(|object| !object.is_well()) {
        write_object(&mut out, object, newest, style);
    }
    out.push_str(&style.paint(Paint::Bold, &summary(statuses)));
    out.push('\n');
    out
}

/// When the oldest read was made that the states rest on, where that is not the pass's own time.
pub fn oldest_read(statuses: &[ObjectStatus]) -> Option<Timestamp> {
    let times = statuses.iter().filter_map(|o| o.last_verified_at);
    let newest = times.clone().max();
    times.min().filter(|oldest| Some(*oldest) < newest)
}

/// One line over all objects.
pub fn summary(statuses: &[ObjectStatus]) -> String {
    let total = statuses.len();
    let plural = if total == 1 { "" } else { "s" };
    let count = |of: fn(&ObjectStatus) -> bool| statuses.iter().filter(|o| of(o)).count();
    let well = count(ObjectStatus::is_well);
    if well == total {
        return format!("{total} object{plural}, all synced and healthy.");
    }
    let mut parts = vec![format!("{well} synced and healthy")];
    let counts = [
        (count(|o| o.sync == Sync::OutOfSync), "out of sync"),
        (count(|o| o.sync == Sync::Unknown), "unknown"),
        (count(|o| o.sync == Sync::Conflict), "in conflict"),
        (count(|o| o.health == Health::Progressing), "progressing"),
        (count(|o| o.health == Health::Degraded), "degraded"),
        (count(|o| o.health == Health::Missing), "missing"),
        (count(|o| !o.blocked.is_empty()), "blocked"),
        (count(|o| o.stalled.is_some()), "stalled"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    parts.extend(counts.map(|(count, word)| format!("{count} {word}")));
    format!("{total} object{plural}: {}.", parts.join(", "))
}

fn write_object(out: &mut String, object: &ObjectStatus, newest: Option<Timestamp>, style: Style) {
    let paint = match object.health {
        Health::Degraded => Paint::Red,
        Health::Progressing | Health::Missing => Paint::Cyan,
        Health::Healthy | Health::Unknown => Paint::Yellow,
    };
    let state = style.paint(paint, &format!("{} {}", object.sync, object.health));
    let _ = write!(out, "{}  {state}", object.key);
    let mut reasons: Vec<String> = object.message.iter().cloned().collect();
    if let Some(stalled) = &object.stalled {
        // The service's reason is said once, though it is both why the object is not well and why it is stalled.
        if !reasons
            .iter()
            .any(|reason| reason.contains(&stalled.reason))
        {
            reasons.push(stalled.reason.clone());
        }
        reasons.push(format!("stalled: {}", stalled.advice));
    }
    let blocked = object.blocked.iter();
    reasons.extend(blocked.map(|b| format!("{}: {}", b.code.as_str(), b.message)));
    reasons.extend(object.waiting.iter().map(|w| w.message.clone()));
    let earlier = object.last_verified_at.filter(|at| Some(*at) < newest);
    reasons.extend(earlier.map(|at| format!("last verified {at:.0}")));
    if !reasons.is_empty() {
        let _ = write!(out, "  {}", line(&reasons.join("; "), MESSAGE));
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Key, Kind, Name};

    fn object(name: &str, health: Health, at: &str) -> ObjectStatus {
        ObjectStatus {
            key: Key::new(Kind::Portfolio, Name::new(name)),
            id: Some("port-1".to_owned()),
            sync: Sync::Synced,
            health,
            blocked: Vec::new(),
            waiting: Vec::new(),
            stalled: None,
            message: None,
            last_verified_at: at.parse().ok(),
        }
    }

    #[test]
    fn an_earlier_read_is_said_where_there_is_one() {
        let (then, now) = ("2026-03-01T08:00:00.25Z", "2026-03-01T08:05:00Z");
        let all = [
            object("a", Health::Degraded, then),
            object("b", Health::Degraded, now),
            object("c", Health::Degraded, ""),
        ];
        let shown = status(&all, Style::default());
        let lines: Vec<&str> = shown.lines().collect();
        assert!(
            lines[0].ends_with("last verified 2026-03-01T08:00:00Z"),
            "{shown}"
        );
        assert!(
            !lines[1..].iter().any(|line| line.contains("verified")),
            "{shown}"
        );
        assert_eq!(oldest_read(&all), then.parse().ok());
        assert_eq!(oldest_read(&all[1..]), None);
    }
}
