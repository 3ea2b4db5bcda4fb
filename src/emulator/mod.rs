//! The `emulator` module.
