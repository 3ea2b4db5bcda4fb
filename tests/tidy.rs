//! Keeps the house as ARCHITECTURE.md draws it.
