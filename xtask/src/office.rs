//! LibreOffice for the test that opens an import log: installed where it is absent and the machine lets us.
//!
//! Only its spreadsheet without a window is needed. Where it cannot be had the test skips itself, and says so.

use std::process::{Command, Stdio};

/// The smallest package of Debian that converts spreadsheets.
const PACKAGE: &str = "libreoffice-calc-nogui";

/// Makes `soffice` available if that is possible here.
pub(crate) fn provide() {
    if answers(Command::new("soffice").arg("--version")) {
        return;
    }
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if !is_root || !answers(Command::new("apt-get").arg("--version")) {
        println!("soffice is not installed, and cannot be from here: the test that opens an import log is skipped");
        return;
    }
    println!("installing {PACKAGE}, once, for the test that opens an import log …");
    let installed = apt_get(&["update"]) && apt_get(&["install", "--yes", "--no-install-recommends", PACKAGE]);
    if !installed {
        println!("{PACKAGE} could not be installed: the test that opens an import log is skipped");
    }
}

fn apt_get(arguments: &[&str]) -> bool {
    let mut command = Command::new("apt-get");
    command.arg("--quiet=2").args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    command.stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn answers(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
