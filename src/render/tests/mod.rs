//! The middle, rule by rule: a small world, and its plan and status as people read them. They stand here because
//! rendering is the middle's last step.

mod comments;
mod copied;
mod formats;
mod guards;
mod imported;
mod objects;
mod pages;
mod only;
mod properties;
mod provisioned;
mod service_actions;
mod template_changes;
mod unlisted;
