//! The gates: what must pass, when each runs and what it needs.

/// One task of `cargo xtask` that a change must pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    Demo,
    Test,
    Lint,
    NoStd,
    Abi,
    Package,
    Memory,
    Instructions,
    Sanitize,
    Benches,
    Reproduce,
    Cross,
    Python,
    Engines,
    Imports,
    Buckets,
    BenchPeers,
}

/// When a gate runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
    /// For every change.
    Always,
    /// When a path that it reads has changed.
    Affected,
    /// As `Affected`, and in rotation: one such gate runs that no path has chosen.
    AffectedOrInTurn,
    /// When it is asked for: it takes too long to run for every change of what it reads.
    Asked,
}

/// What the machine must have before a gate runs.
pub(crate) struct Needs {
    /// Debian packages.
    pub(crate) packages: &'static [&'static str],
    /// Components of the Rust toolchain.
    pub(crate) components: &'static [&'static str],
    /// Targets of the Rust toolchain.
    pub(crate) targets: &'static [&'static str],
}

const NOTHING: Needs = Needs { packages: &[], components: &[], targets: &[] };

impl Gate {
    /// In the order in which they run: what fails most often first.
    pub(crate) const ALL: [Self; 17] = [
        Self::Demo,
        Self::Test,
        Self::Lint,
        Self::NoStd,
        Self::Abi,
        Self::Package,
        Self::Memory,
        Self::Instructions,
        Self::Sanitize,
        Self::Benches,
        Self::Reproduce,
        Self::Cross,
        Self::Python,
        Self::Engines,
        Self::Imports,
        Self::Buckets,
        Self::BenchPeers,
    ];

    /// The name of the task.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Test => "test",
            Self::Lint => "lint",
            Self::NoStd => "no-std",
            Self::Abi => "abi",
            Self::Package => "package",
            Self::Memory => "memory",
            Self::Instructions => "instructions",
            Self::Sanitize => "sanitize",
            Self::Benches => "benches",
            Self::Reproduce => "reproduce",
            Self::Cross => "cross",
            Self::Python => "python",
            Self::Engines => "engines",
            Self::Imports => "imports",
            Self::Buckets => "buckets",
            Self::BenchPeers => "bench-peers",
        }
    }

    pub(crate) const fn tier(self) -> Tier {
        match self {
            Self::Demo | Self::Test | Self::Lint => Tier::Always,
            Self::NoStd | Self::Abi | Self::Instructions | Self::Benches => Tier::Affected,
            Self::Package
            | Self::Memory
            | Self::Sanitize
            | Self::Reproduce
            | Self::Cross
            | Self::Python => Tier::AffectedOrInTurn,
            Self::Engines | Self::Imports | Self::Buckets | Self::BenchPeers => Tier::Asked,
        }
    }

    pub(crate) const fn needs(self) -> Needs {
        match self {
            Self::Demo => Needs { packages: &["gcc"], ..NOTHING },
            Self::Test => Needs { packages: &["gcc", "g++", "binutils", "python3"], ..NOTHING },
            Self::Lint => Needs { components: &["clippy", "rustfmt"], ..NOTHING },
            Self::NoStd => Needs { targets: &["thumbv7em-none-eabi"], ..NOTHING },
            Self::Abi => Needs { packages: &["gcc", "abigail-tools"], ..NOTHING },
            Self::Package => Needs {
                packages: &["gcc", "g++", "binutils", "cmake", "make", "pkg-config"],
                ..NOTHING
            },
            Self::Memory | Self::Instructions => {
                Needs { packages: &["gcc", "valgrind"], ..NOTHING }
            }
            Self::Sanitize => {
                Needs { packages: &["gcc", "clang-16", "libclang-rt-16-dev"], ..NOTHING }
            }
            Self::Benches | Self::Reproduce => NOTHING,
            Self::Cross => Needs {
                packages: &[
                    "qemu-user-static",
                    "gcc-aarch64-linux-gnu",
                    "libc6-dev-arm64-cross",
                    "gcc-s390x-linux-gnu",
                    "libc6-dev-s390x-cross",
                ],
                targets: &["aarch64-unknown-linux-gnu", "s390x-unknown-linux-gnu"],
                ..NOTHING
            },
            Self::Python => Needs { packages: &["python3-venv"], ..NOTHING },
            Self::Imports => Needs {
                packages: &[
                    "python3-venv",
                    "gcc",
                    "pkg-config",
                    "openjdk-17-jdk-headless",
                    "libjna-java",
                ],
                ..NOTHING
            },
            // Spark runs on Java 17 and newer.
            Self::Engines => {
                Needs { packages: &["python3-venv", "openjdk-17-jre-headless"], ..NOTHING }
            }
            Self::Buckets => Needs { packages: &["python3-venv", "curl", "strace"], ..NOTHING },
            Self::BenchPeers => Needs { packages: &["gcc", "python3-venv"], ..NOTHING },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TASKS;

    #[test]
    fn every_gate_is_a_task() {
        for gate in Gate::ALL {
            assert!(TASKS.iter().any(|(name, _, _)| *name == gate.name()), "{gate:?}");
        }
    }

    #[test]
    fn no_two_gates_have_the_same_name() {
        for gate in Gate::ALL {
            let n_equal = Gate::ALL.iter().filter(|other| other.name() == gate.name()).count();
            assert_eq!(n_equal, 1, "{gate:?}");
        }
    }
}
