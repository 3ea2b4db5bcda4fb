//! What stands behind the catalog in the embedded AWS, spoken to by the unchanged SDKs: stacks, buckets, sessions,
//! seeds and the port; and every real template there is.

mod port;
mod random;
mod sdk;
mod seed;
mod templates;
