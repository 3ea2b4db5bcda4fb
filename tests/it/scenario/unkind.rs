//! unkind
