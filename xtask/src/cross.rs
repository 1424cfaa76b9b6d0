//! The same bits on other processors: tests and training under emulation.

use std::path::Path;
use std::process::Command;

use crate::builds;
use crate::demo::train;
use crate::folders::target;
use crate::run::{cargo, is_installed, is_there, run, skip};

/// A target, its linker, and the emulator with the folder of its libraries.
struct Platform {
    target: &'static str,
    linker: &'static str,
    emulator: [&'static str; 3],
}

const PLATFORMS: [Platform; 2] = [
    Platform {
        target: "aarch64-unknown-linux-gnu",
        linker: "aarch64-linux-gnu-gcc",
        emulator: ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu"],
    },
    // Big-endian.
    Platform {
        target: "s390x-unknown-linux-gnu",
        linker: "s390x-linux-gnu-gcc",
        emulator: ["qemu-s390x-static", "-L", "/usr/s390x-linux-gnu"],
    },
];

/// The packages and features that are built for other processors: without the C ABI, whose tests run
/// programs of this machine.
const PACKAGES: [&str; 9] = [
    "--package",
    "nomogram",
    "--package",
    "nomogram-train",
    "--package",
    builds::EXAMPLES,
    "--no-default-features",
    "--features",
    "nomogram/std",
];

/// Runs the tests of bits, and trains the reference model, on each platform.
pub(crate) fn cross() -> Result<(), String> {
    let folder = target().join("cross");
    let native = train(&mut Command::new(builds::release()?.join("wdbc")), &folder.join("native"))?;
    for platform in &PLATFORMS {
        if let Some(absent) = platform.absent()? {
            return skip(&format!("{}: {absent}", platform.target));
        }
        platform.run_tests()?;
        if platform.train(&folder)? != native {
            let name = platform.target;
            return Err(format!("the bundle trained on {name} differs from the native one"));
        }
        println!("{}: the same bundle as here, byte for byte", platform.target);
    }
    Ok(())
}

impl Platform {
    /// What the machine lacks for this platform.
    fn absent(&self) -> Result<Option<String>, String> {
        let program = [self.linker, self.emulator[0]].into_iter().find(|name| !is_there(name));
        if let Some(program) = program {
            return Ok(Some(format!("{program} is not installed")));
        }
        let add = || format!("not installed: rustup target add {}", self.target);
        Ok((!is_installed(self.target)?).then(add))
    }

    fn run_tests(&self) -> Result<(), String> {
        let mut test = self.cargo("test");
        run(test.args(["--lib", "--test", "integration", "--", "--skip", "architecture"]))
    }

    /// Trains the reference model, emulated; returns the bundle.
    fn train(&self, folder: &Path) -> Result<Vec<u8>, String> {
        run(self.cargo("build").args(["--bin", "wdbc"]))?;
        let [program, arguments @ ..] = &self.emulator;
        let mut trainer = Command::new(program);
        trainer.args(arguments);
        // With the profile of the tests: it shares their build, and gives the bits of a release.
        trainer.arg(target().join(self.target).join("debug/wdbc"));
        train(&mut trainer, &folder.join(self.target))
    }

    /// A command of cargo for this platform's build of [`PACKAGES`].
    fn cargo(&self, command: &str) -> Command {
        let variable = self.target.to_uppercase().replace('-', "_");
        let mut cargo = cargo();
        cargo
            .arg(command)
            .args(["--target", self.target])
            .args(PACKAGES)
            .env(format!("CARGO_TARGET_{variable}_LINKER"), self.linker)
            .env(format!("CARGO_TARGET_{variable}_RUNNER"), self.emulator.join(" "));
        cargo
    }
}
