//! emulator_cfn
