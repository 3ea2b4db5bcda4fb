//! What a template's references mean: everything named exists, nothing goes in circles.

use std::collections::{BTreeMap, BTreeSet};

use super::intrinsic::{Piece, pieces};
use super::node::Node;
use super::template::{Template, is_loop};

/// The names a block uses.
#[derive(Debug, Default)]
struct Uses {
    /// By `Ref`, `Fn::Sub` without a dot and `DependsOn`, in order.
    names: Vec<String>,
    /// By `Fn::GetAtt` and `Fn::Sub` with a dot.
    attributes: Vec<String>,
    /// By `Fn::If`, `Condition` and a resource's `Condition` member.
    conditions: Vec<String>,
    /// By `Fn::FindInMap`, where the name is plain text.
    maps: Vec<String>,
}

impl Template {
    /// Checks that what the template refers to is in it. With a transform nothing is checked: its macro may add
    /// parameters, resources and conditions that the text does not show.
    ///
    /// # Errors
    /// CloudFormation's text, e.g.
    /// `Template format error: Unresolved resource dependencies [X] in the Resources block of the template`.
    pub fn check(&self) -> Result<(), String> {
        if !self.transforms().is_empty() {
            return Ok(());
        }
        let parameters: BTreeSet<&str> = names(self.section("Parameters"));
        let resources: BTreeSet<&str> = names(self.section("Resources"));
        let conditions: BTreeSet<&str> = names(self.section("Conditions"));
        let maps: BTreeSet<&str> = names(self.section("Mappings"));

        let mut uses = Uses::default();
        for (_, condition) in self.section("Conditions") {
            collect(condition, &mut uses);
        }
        let unresolved = missing(&uses.names, |name| parameters.contains(name));
        if !unresolved.is_empty() || !uses.attributes.is_empty() {
            let all: Vec<String> = unresolved.into_iter().chain(uses.attributes).collect();
            return Err(format!(
                "Template format error: Unresolved dependencies [{}]. Cannot reference resources in the Conditions block of the template",
                all.join(", ")
            ));
        }
        conditions_exist(&uses, &conditions, "Conditions")?;
        maps_exist(&uses, &maps)?;

        let mut uses = Uses::default();
        for (_, resource) in self.section("Resources") {
            of_resource(resource, &mut uses);
        }
        conditions_exist(&uses, &conditions, "Resources")?;
        maps_exist(&uses, &maps)?;
        let unresolved = missing(&uses.names, |name| {
            parameters.contains(name) || resources.contains(name)
        });
        if !unresolved.is_empty() {
            return Err(format!(
                "Template format error: Unresolved resource dependencies [{}] in the Resources block of the template",
                unresolved.join(", ")
            ));
        }
        if let Some(name) = missing(&uses.attributes, |name| resources.contains(name)).first() {
            return Err(format!(
                "Template error: instance of Fn::GetAtt references undefined resource {name}"
            ));
        }

        let mut uses = Uses::default();
        for (_, output) in self.section("Outputs") {
            uses.conditions.extend(
                output
                    .get("Condition")
                    .and_then(Node::as_text)
                    .map(str::to_owned),
            );
            for member in ["Value", "Export"] {
                if let Some(node) = output.get(member) {
                    collect(node, &mut uses);
                }
            }
        }
        conditions_exist(&uses, &conditions, "Outputs")?;
        maps_exist(&uses, &maps)?;
        let unresolved: Vec<String> = missing(&uses.names, |name| {
            parameters.contains(name) || resources.contains(name)
        })
        .into_iter()
        .chain(missing(&uses.attributes, |name| resources.contains(name)))
        .collect();
        if !unresolved.is_empty() {
            // Without "Template format error:", unlike the Resources block (facts, error_texts).
            return Err(format!(
                "Unresolved resource dependencies [{}] in the Outputs block of the template",
                unresolved.join(", ")
            ));
        }
        self.order().map(|_| ())
    }

    /// Logical ids in the order in which they are made: after what they depend on, otherwise as written.
    ///
    /// # Errors
    /// `Circular dependency between resources: [A, B]`.
    pub(super) fn order(&self) -> Result<Vec<String>, String> {
        let resources = self.section("Resources");
        let known: BTreeSet<&str> = names(resources);
        let mut needs: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (name, resource) in resources.iter().filter(|(name, _)| !is_loop(name)) {
            let mut uses = Uses::default();
            of_resource(resource, &mut uses);
            let all = uses.names.into_iter().chain(uses.attributes);
            needs.insert(
                name,
                all.filter(|used| known.contains(used.as_str()) && !is_loop(used))
                    .collect(),
            );
        }
        let mut order: Vec<String> = Vec::new();
        let mut done: BTreeSet<&str> = BTreeSet::new();
        while done.len() < needs.len() {
            let ready: Vec<&str> = resources
                .iter()
                .map(|(name, _)| name.as_str())
                .filter(|name| !done.contains(name))
                .filter(|name| {
                    needs
                        .get(name)
                        .is_some_and(|uses| uses.iter().all(|used| done.contains(used.as_str())))
                })
                .collect();
            if ready.is_empty() {
                return Err(format!(
                    "Circular dependency between resources: [{}]",
                    circle(&needs, &done).join(", ")
                ));
            }
            for name in ready {
                order.push(name.to_owned());
                done.insert(name);
            }
        }
        Ok(order)
    }
}

/// Of what is left, only what others that are left need as well: the circles without what hangs on them.
fn circle(needs: &BTreeMap<&str, BTreeSet<String>>, done: &BTreeSet<&str>) -> Vec<String> {
    let mut left: BTreeSet<&str> = needs
        .keys()
        .copied()
        .filter(|n| !done.contains(n))
        .collect();
    loop {
        let needed: BTreeSet<&str> = left
            .iter()
            .copied()
            .filter(|name| left.iter().any(|other| needs[other].contains(*name)))
            .collect();
        if needed.len() == left.len() {
            return left.into_iter().map(str::to_owned).collect();
        }
        left = needed;
    }
}

fn names(section: &[(String, Node)]) -> BTreeSet<&str> {
    section.iter().map(|(name, _)| name.as_str()).collect()
}

/// What is used and unknown, each once, in order.
fn missing(used: &[String], known: impl Fn(&str) -> bool) -> Vec<String> {
    let mut missing: Vec<String> = Vec::new();
    for name in used {
        if !known(name) && !name.starts_with("AWS::") && !missing.contains(name) {
            missing.push(name.clone());
        }
    }
    missing
}

fn conditions_exist(uses: &Uses, conditions: &BTreeSet<&str>, block: &str) -> Result<(), String> {
    match missing(&uses.conditions, |name| conditions.contains(name)).first() {
        Some(name) => Err(format!(
            "Template format error: Unresolved condition dependency {name} in the {block} block of the template"
        )),
        None => Ok(()),
    }
}

fn maps_exist(uses: &Uses, maps: &BTreeSet<&str>) -> Result<(), String> {
    match missing(&uses.maps, |name| maps.contains(name)).first() {
        Some(name) => Err(format!(
            "Template error: Mapping named '{name}' is not present in the 'Mappings' section of template."
        )),
        None => Ok(()),
    }
}

fn of_resource(resource: &Node, uses: &mut Uses) {
    for (member, node) in resource.as_map().unwrap_or(&[]) {
        match member.as_str() {
            "Condition" => uses.conditions.extend(node.as_text().map(str::to_owned)),
            "DependsOn" => match node {
                Node::Text(name) => uses.names.push(name.clone()),
                Node::List(list) => uses
                    .names
                    .extend(list.iter().filter_map(|n| n.as_text().map(str::to_owned))),
                Node::Null | Node::Map(_) => {}
            },
            "Type" => {}
            _ => collect(node, uses),
        }
    }
}

/// The names that `node` refers to: parameters and resources.
pub(super) fn names_below(node: &Node) -> BTreeSet<String> {
    let mut uses = Uses::default();
    collect(node, &mut uses);
    uses.names.into_iter().chain(uses.attributes).collect()
}

/// Collects the names below `node`. Not recursive deeper than the parsers, which limit depth themselves.
fn collect(node: &Node, uses: &mut Uses) {
    match node {
        Node::Null | Node::Text(_) => {}
        Node::List(list) => list.iter().for_each(|child| collect(child, uses)),
        Node::Map(map) => {
            if let Some((function, argument)) = node.as_call() {
                call(function, argument, uses);
            } else {
                map.iter().for_each(|(_, child)| collect(child, uses));
            }
        }
    }
}

fn call(function: &str, argument: &Node, uses: &mut Uses) {
    match (function, argument) {
        ("Ref", Node::Text(name)) => uses.names.push(name.clone()),
        ("Condition", Node::Text(name)) => uses.conditions.push(name.clone()),
        ("Fn::GetAtt", Node::Text(path)) => {
            let resource = path.split('.').next().unwrap_or(path);
            uses.attributes.push(resource.to_owned());
        }
        ("Fn::GetAtt", Node::List(parts)) => {
            uses.attributes
                .extend(parts.first().and_then(Node::as_text).map(str::to_owned));
            parts.iter().skip(1).for_each(|part| collect(part, uses));
        }
        ("Fn::If", Node::List(parts)) => {
            uses.conditions
                .extend(parts.first().and_then(Node::as_text).map(str::to_owned));
            parts.iter().for_each(|part| collect(part, uses));
        }
        ("Fn::FindInMap", Node::List(parts)) => {
            // With a default the map need not be there.
            if parts.len() == 3 {
                uses.maps
                    .extend(parts.first().and_then(Node::as_text).map(str::to_owned));
            }
            parts.iter().for_each(|part| collect(part, uses));
        }
        ("Fn::Sub", _) => {
            let (pattern, own) = match argument {
                Node::List(parts) => (parts.first().and_then(Node::as_text), parts.get(1)),
                other => (other.as_text(), None),
            };
            for piece in pieces(pattern.unwrap_or_default()) {
                let Piece::Name(name) = piece else { continue };
                if own.is_some_and(|map| map.get(name).is_some()) {
                    continue;
                }
                match name.split_once('.') {
                    // An undefined one is a resource dependency here, not an instance of Fn::GetAtt.
                    Some((resource, _)) => uses.names.push(resource.to_owned()),
                    None => uses.names.push(name.to_owned()),
                }
            }
            if let Some(own) = own {
                collect(own, uses);
            }
        }
        _ => collect(argument, uses),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(yaml: &str) -> String {
        Template::parse(yaml.as_bytes())
            .unwrap()
            .check()
            .map_or_else(|error| error, |()| "ok".to_owned())
    }

    #[test]
    fn what_is_not_there_is_named() {
        let bucket = "{Type: 'AWS::S3::Bucket'";
        let table = [
            (
                format!(
                    "Resources: {{A: {bucket}, Properties: {{X: !Ref B, Y: !Sub '${{C.D}}${{B}}'}}}}}}"
                ),
                "Template format error: Unresolved resource dependencies [B, C] in the Resources block of the template",
            ),
            (
                format!("Resources: {{A: {bucket}, DependsOn: [Q]}}}}"),
                "Template format error: Unresolved resource dependencies [Q] in the Resources block of the template",
            ),
            (
                format!("Resources: {{A: {bucket}, Properties: {{X: !GetAtt B.Arn}}}}}}"),
                "Template error: instance of Fn::GetAtt references undefined resource B",
            ),
            (
                format!("Resources: {{A: {bucket}}}}}\nOutputs: {{O: {{Value: !Ref MyVPC}}}}"),
                "Unresolved resource dependencies [MyVPC] in the Outputs block of the template",
            ),
            (
                format!("Resources: {{A: {bucket}, Condition: Nope}}}}"),
                "Template format error: Unresolved condition dependency Nope in the Resources block of the template",
            ),
            (
                format!("Resources: {{A: {bucket}, Properties: {{X: !If [Nope, 1, 2]}}}}}}"),
                "Template format error: Unresolved condition dependency Nope in the Resources block of the template",
            ),
            (
                format!("Conditions: {{C: !Equals [!Ref A, x]}}\nResources: {{A: {bucket}}}}}"),
                "Template format error: Unresolved dependencies [A]. Cannot reference resources in the Conditions block of the template",
            ),
            (
                format!("Resources: {{A: {bucket}, Properties: {{X: !FindInMap [M, a, b]}}}}}}"),
                "Template error: Mapping named 'M' is not present in the 'Mappings' section of template.",
            ),
            (
                format!(
                    "Resources: {{A: {bucket}, DependsOn: B}}, B: {bucket}, Properties: {{X: !Ref A}}}}, C: {bucket}, DependsOn: A}}}}"
                ),
                "Circular dependency between resources: [A, B]",
            ),
            (
                format!("Transform: Mine\nResources: {{A: {bucket}, Properties: {{X: !Ref B}}}}}}"),
                "ok",
            ),
            (
                format!(
                    "Resources: {{A: {bucket}, Properties: {{P: {{Condition: {{StringEquals: {{a: b}}}}}}}}}}}}"
                ),
                "ok",
            ),
        ];
        for (yaml, expected) in table {
            assert_eq!(said(&yaml), expected, "{yaml}");
        }
    }

    #[test]
    fn resources_are_made_after_what_they_need() {
        let template = Template::parse(
            b"Resources:
  Z: {Type: 'AWS::S3::Bucket', Properties: {A: !Sub '${M.Arn}'}}
  M: {Type: 'AWS::S3::Bucket', DependsOn: [B, A]}
  A: {Type: 'AWS::S3::Bucket'}
  B: {Type: 'AWS::S3::Bucket', Properties: {X: !GetAtt A.Arn}}
",
        )
        .unwrap();
        assert_eq!(template.order().unwrap(), ["A", "B", "M", "Z"]);
    }
}
