//! What was launched, as a table for people and as JSON for machines.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::safe::line;
use super::text::{Paint, Style};
use crate::ids::Target;
use crate::model::inventory::{Launch, LaunchOwner};
use crate::plan::status_word;

/// Characters of a cell that are shown at most.
const CELL: usize = 60;

/// A table with a line for each, and a last line that counts them.
pub fn to_text(launches: &[Launch], style: Style) -> String {
    const HEAD: [&str; 7] = [
        "NAME",
        "STATUS",
        "PRODUCT",
        "VERSION",
        "OWNER",
        "SINCE",
        "LAUNCHED BY",
    ];
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(launches.iter().map(|launch| {
        let since = launch
            .since
            .map(|at| at.strftime("%Y-%m-%d %H:%M").to_string());
        [
            line(&launch.name, CELL),
            line(status_word(&launch.status), CELL),
            line(&launch.product_name, CELL),
            line(&launch.version_name, CELL),
            line(&owner(&launch.owner), CELL),
            since.unwrap_or_else(|| "-".to_owned()),
            line(launch.launched_by.as_deref().unwrap_or("-"), 2 * CELL),
        ]
    }));
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|at| {
            rows.iter()
                .map(|row| row[at].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for (number, row) in rows.iter().enumerate().filter(|_| !launches.is_empty()) {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        let text = cells.join("  ");
        let text = match number {
            0 => style.paint(Paint::Bold, text.trim_end()),
            _ => text.trim_end().to_owned(),
        };
        // Writing to a `String` cannot fail.
        let _ = writeln!(out, "{text}");
    }
    let ours = launches
        .iter()
        .filter(|l| matches!(l.owner, LaunchOwner::Us(_)));
    let plural = if launches.len() == 1 { "" } else { "s" };
    let _ = writeln!(
        out,
        "{} provisioned product{plural}, {} of them ours.",
        launches.len(),
        ours.count()
    );
    out
}

fn owner(owner: &LaunchOwner) -> String {
    match owner {
        LaunchOwner::Us(name) => format!("provisioned-product/{name}"),
        LaunchOwner::Foreign(Some(tag)) => tag.clone(),
        LaunchOwner::Foreign(None) => "a catalogd".to_owned(),
        LaunchOwner::Nobody => "-".to_owned(),
    }
}

/// The same as JSON, version 1; `docs/launches.md` describes it.
pub fn to_json(launches: &[Launch], target: &Target) -> Value {
    let all = launches.iter().map(|launch| {
        let (whose, manifest, tag) = match &launch.owner {
            LaunchOwner::Us(name) => ("us", Some(name.as_str()), None),
            LaunchOwner::Foreign(tag) => ("another", None, tag.as_deref()),
            LaunchOwner::Nobody => ("nobody", None, None),
        };
        json!({
            "id": launch.id.as_str(),
            "name": launch.name,
            "type": launch.kind,
            "status": status_word(&launch.status),
            "product": {"id": launch.product.as_str(), "name": launch.product_name},
            "version": {"id": launch.version.as_str(), "name": launch.version_name},
            "owner": whose,
            "manifest": manifest,
            "owner_tag": tag,
            "launched_by": launch.launched_by,
            "since": launch.since.map(|at| at.to_string()),
        })
    });
    json!({
        "version": 1,
        "account": target.account.as_str(),
        "region": target.region.as_str(),
        "launches": all.collect::<Vec<_>>(),
    })
}
