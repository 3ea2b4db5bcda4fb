//! No text of anybody leaves its fence: comments are read back as a host reads them.

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::pages::{HOSTILE, hostile_plan, many};
use crate::render::Page;
use crate::render::markdown::{self, Comment, LEAST};

/// A word that every hostile text has: where it is, the text is.
const CANARY: &str = "CANARY";

/// What stands outside of fences.
fn outside(comment: &str) -> (String, String) {
    let (mut open, mut fenced, mut inside) = (String::new(), String::new(), false);
    for event in Parser::new_ext(comment, Options::all()) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => inside = true,
            Event::End(TagEnd::CodeBlock) => inside = false,
            Event::Text(text) if inside => fenced.push_str(&text),
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                open.push_str(&text);
                open.push('\n');
            }
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => panic!("a link in\n{comment}"),
            _ => {}
        }
    }
    (open, fenced)
}

fn hold(texts: &[String], limit: usize, verbose: bool) {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let plan = hostile_plan(&texts);
    let mut page = Page::of(&plan);
    page.notices.push(texts[0].to_owned());
    let comments = markdown::page(&page, Comment { limit, verbose });
    let mut shown = String::new();
    for comment in &comments {
        assert!(comment.chars().map(char::len_utf16).sum::<usize>() <= limit);
        let strange = |c: char| c.is_control() && c != '\n';
        assert!(!comment.contains(strange), "{comment:?}");
        assert!(!comment.contains(['\u{202e}', '\u{200b}', '\u{feff}', '\u{2066}']));
        let (open, fenced) = outside(comment);
        assert!(
            !open.contains(CANARY),
            "left its fence:\n{open}\nin\n{comment}"
        );
        assert!(!open.contains('@') && !open.contains("http"), "{open}");
        // Ours: the heading's own marks are no text.
        assert!(!open.contains('#'), "{open}");
        let html = open.lines().filter(|line| line.contains('<'));
        for line in html {
            let ours = [
                "<details>",
                "</details>",
                "<summary><b>",
                "<sub>",
                "</sub>",
                "<!-- catalogd:plan installation=",
            ];
            assert!(ours.iter().any(|ours| line.starts_with(ours)), "{line}");
        }
        shown.push_str(&fenced);
    }
    assert!(shown.contains(CANARY), "nothing of it is to be read");
}

fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("```".to_owned()),
        Just("\n```\n".to_owned()),
        "`{1,12}",
        "~{3,6}",
        Just("\n\n</details>\n\n".to_owned()),
        Just("<img src=x>".to_owned()),
        Just("<!--".to_owned()),
        Just("-->".to_owned()),
        Just("@octocat".to_owned()),
        Just("#1 GH-2 org/repo#3".to_owned()),
        Just("https://evil.example/x".to_owned()),
        Just("[a](b) ![c](d)".to_owned()),
        Just("\u{202e}\u{200b}\u{2066}\u{feff}".to_owned()),
        Just("\r\u{1b}[0m\u{85}\u{2028}".to_owned()),
        Just(" ".repeat(90)),
        "\\PC{0,40}",
        any::<String>(),
    ];
    let pieces = prop::collection::vec(piece, 0..12);
    (pieces, any::<prop::sample::Index>()).prop_map(|(mut pieces, at)| {
        pieces.insert(at.index(pieces.len() + 1), CANARY.to_owned());
        pieces.concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn no_text_leaves_its_fence_or_mentions_anybody(
        texts in prop::collection::vec(nasty(), 1..6),
        limit in LEAST..8_000,
        verbose: bool,
    ) {
        hold(&texts, limit, verbose);
    }
}

#[test]
fn the_hostile_ones_that_are_known_stay_in_too() {
    let texts: Vec<String> = HOSTILE
        .iter()
        .map(|text| format!("{text}{CANARY}"))
        .collect();
    hold(&texts, 65_536, false);
}

#[test]
fn a_marker_is_the_same_from_run_to_run() {
    let plan = many();
    let comments = markdown::page(
        &Page::of(&plan),
        Comment {
            limit: LEAST,
            verbose: true,
        },
    );
    assert!(comments.len() > 1);
    for (index, comment) in comments.iter().enumerate() {
        let marker = format!(
            "<!-- catalogd:plan installation=default target=123456789012/us-east-1 part={} -->\n",
            index + 1
        );
        assert!(comment.starts_with(&marker), "{comment}");
        assert_eq!(
            comment.matches("<!-- catalogd:plan installation=").count(),
            1
        );
    }
}
