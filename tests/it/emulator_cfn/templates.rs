//! Real templates, as far as the shared data lies beside the checkout.

use std::path::{Path, PathBuf};

use catalogd::emulator::cfn::Template;

/// What CloudFormation would refuse as well, each with its reason.
const REFUSED: &[(&str, &str)] = &[];

fn shared() -> Option<PathBuf> {
    let mut folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    loop {
        let data = folder.join("shared/data");
        if data.is_dir() {
            return Some(data);
        }
        folder = folder.parent()?;
    }
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn real_templates_parse_as_far_as_cloudformation_would() {
    let Some(data) = shared() else {
        eprintln!("skipped: no shared data beside the checkout");
        return;
    };
    let mut files = Vec::new();
    walk(&data.join("templates"), &mut files);
    walk(&data.join("catalogs"), &mut files);
    let mut seen = 0;
    let mut refused = Vec::new();
    for file in files {
        let name = file.strip_prefix(&data).unwrap().display().to_string();
        let bytes = std::fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        // Manifests, readmes and policies lie among the templates.
        if text.contains("apiVersion: catalogd.dev/") || !text.contains("Resources") {
            continue;
        }
        seen += 1;
        let result = Template::parse(&bytes).and_then(|template| template.check());
        if let Err(reason) = result {
            refused.push(format!("{name}: {reason}"));
        }
    }
    assert!(seen > 300, "only {seen} templates found");
    let expected: Vec<String> = REFUSED
        .iter()
        .map(|(name, reason)| format!("{name}: {reason}"))
        .collect();
    assert_eq!(refused.join("\n"), expected.join("\n"), "of {seen}");
}
