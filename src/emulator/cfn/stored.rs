//! Resources of type `AWS::SSM::Parameter`: the one kind, beside buckets, that others can read.

use jiff::Timestamp;

use super::blueprint::Planned;
use super::intrinsic::flat;
use super::node::Node;
use super::stack::Resource;
use crate::emulator::ssm::{Asked, Kind, Parameters, judge};

const TYPE: &str = "AWS::SSM::Parameter";

/// Makes or changes the parameter that a resource stands for.
///
/// # Errors
/// What the resource fails with. The text about a SecureString is that of CloudFormation's public handler, those about
/// names and values are Systems Manager's; that one which is there is not taken over is a guess.
pub(super) fn write(
    planned: &Planned,
    replaces: bool,
    at: Timestamp,
    store: &mut Parameters,
) -> Result<(), String> {
    if planned.kind != TYPE {
        return Ok(());
    }
    let name = planned.physical_id.as_str();
    if replaces && store.get(name).is_some() {
        return Err(format!("{name} already exists"));
    }
    let Some((kind, value)) = told(&planned.properties) else {
        // What an update leaves unknown is not what it was.
        store.remove(name);
        return Ok(());
    };
    let kind = match Kind::named(&kind) {
        Some(Kind::SecureString) => {
            let said = "SSM Parameters of type SecureString cannot be created using CloudFormation";
            return Err(said.to_owned());
        }
        Some(kind) => kind,
        None => return Err(format!("Invalid Type: {kind}")),
    };
    judge(name, &value).map_err(|error| error.message)?;
    match store.get(name) {
        Some(present) if present.kind != kind => Err(
            "Parameter Store doesn't support changing a parameter type in a hierarchy.".to_owned(),
        ),
        _ => {
            put(store, name, kind, &value, at);
            Ok(())
        }
    }
}

/// Makes a parameter again what it was before a failed update.
pub(super) fn revert(resource: &Resource, at: Timestamp, store: &mut Parameters) {
    if resource.kind == TYPE
        && let Some((kind, value)) = told(&resource.properties)
        && let Some(kind) = Kind::named(&kind)
    {
        put(store, &resource.physical_id, kind, &value, at);
    }
}

/// Removes the parameter of a resource that goes, if it has made one.
pub(super) fn remove(resource: &Resource, store: &mut Parameters) {
    if resource.kind == TYPE && told(&resource.properties).is_some() {
        store.remove(&resource.physical_id);
    }
}

/// A new version where the value is another.
fn put(store: &mut Parameters, name: &str, kind: Kind, value: &str, at: Timestamp) {
    let asked = Asked {
        name,
        selector: None,
    };
    let same = store.find(asked).is_ok_and(|(_, own)| own.value == value);
    if !same {
        store.put(name, kind, value, at);
    }
}

/// Type and Value, if both are there and known: dynamic references are not resolved here, and rather than a value that
/// nobody gave there is none.
fn told(properties: &Node) -> Option<(String, String)> {
    let text = |key: &str| properties.get(key).map(flat);
    let value = text("Value").filter(|value| !value.contains("{{resolve:"))?;
    Some((text("Type")?, value))
}
