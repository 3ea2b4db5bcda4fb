//! What tests of this module share.

use proptest::prelude::*;
use serde_json::json;

use super::yaml::{Dropped, Fields, Writer, Yaml};
use crate::manifest::read_scalars;

/// Writes a text where texts can stand, and holds what the manifest reader makes of it to the text.
pub(super) fn reads_back(text: &str, strict: bool) -> Result<(), TestCaseError> {
    let scalar = |text: &str| match strict {
        true => Yaml::text(text),
        false => Yaml::Scalar(text.to_owned()),
    };
    let mut inner = Fields::default();
    inner.required("first", scalar(text));
    inner.required("last", scalar(text));
    let mut item = Fields::default();
    item.required("in", scalar(text));
    item.required(
        "list",
        Yaml::List(vec![scalar(text).into(), scalar("x").into()]),
    );
    let mut root = Fields::default();
    root.required("plain", scalar(text));
    root.required("map", Yaml::Map(inner.done().0));
    root.required(text, Yaml::text("key"));
    root.required(
        "items",
        Yaml::List(vec![scalar(text).into(), Yaml::Map(item.done().0).into()]),
    );
    let (entries, _) = root.done();
    let dropped = Dropped::new();
    let mut writer = Writer::new(&dropped);
    writer.comment(0, text);
    writer.map(0, &entries, "");
    let (written, _) = writer.finish();
    // One of the keys may be the text itself.
    let twice = ["plain", "map", "items"].contains(&text);
    prop_assume!(!twice);
    let wanted = json!({
        "plain": text,
        "map": {"first": text, "last": text},
        text: "key",
        "items": [text, {"in": text, "list": [text, "x"]}],
    });
    prop_assert_eq!(read_scalars(&written, strict), Some(wanted), "{}", written);
    Ok(())
}
