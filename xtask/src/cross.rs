//! The same bits on other processors: tests and training under emulation.

use std::process::Command;

use crate::demo::{example, train};
use crate::run::{cargo, is_installed, is_there, run, skip};
use crate::target;

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

/// Runs the core's tests of bits, and trains the reference model, on each platform.
pub(crate) fn cross() -> Result<(), String> {
    let native = train(example("wdbc", "release", None), &target().join("cross/native"))?;
    for platform in &PLATFORMS {
        let Platform { target: name, linker, emulator } = platform;
        for program in [*linker, emulator[0]] {
            if !is_there(program) {
                return skip(&format!("{name}: {program} is not installed"));
            }
        }
        if !is_installed(name)? {
            return skip(&format!("{name} is not installed: rustup target add {name}"));
        }
        run(platform.set_up(&mut cargo()).args([
            "test",
            "--target",
            name,
            "--no-default-features",
            "--features",
            "std",
            "--lib",
            "--test",
            "integration",
            "--",
            "--skip",
            "architecture",
        ]))?;
        let mut emulated = example("wdbc", "release", Some(name));
        platform.set_up(&mut emulated);
        if train(emulated, &target().join("cross").join(name))? != native {
            return Err(format!("the bundle trained on {name} differs from the native one"));
        }
        println!("{name}: the same bundle as here, byte for byte");
    }
    Ok(())
}

impl Platform {
    fn set_up<'a>(&self, cargo: &'a mut Command) -> &'a mut Command {
        let variable = self.target.to_uppercase().replace('-', "_");
        cargo
            .env(format!("CARGO_TARGET_{variable}_LINKER"), self.linker)
            .env(format!("CARGO_TARGET_{variable}_RUNNER"), self.emulator.join(" "))
    }
}
