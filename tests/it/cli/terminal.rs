//! What a person at a terminal sees, through `script` of util-linux, which gives a program a pseudo-terminal.
