#!/bin/sh
# Makes src/protocols/inference/generated.rs from open_inference.proto, without protoc.
#
# tonic-prost-build 0.14 and protox 0.9 (a compiler of .proto files in Rust), in a crate that is thrown away.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT
mkdir "$scratch/src"
cat > "$scratch/Cargo.toml" <<'TOML'
[package]
name = "make-code"
version = "0.0.0"
edition = "2024"
[workspace]
[dependencies]
protox = "0.9"
tonic-prost-build = "0.14"
TOML
cat > "$scratch/src/main.rs" <<'RUST'
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("expected the folder of the .proto file")?;
    let out = std::env::args().nth(2).ok_or("expected a folder for the code")?;
    let files = protox::compile(["open_inference.proto"], [folder])?;
    tonic_prost_build::configure()
        .build_client(false)
        .build_transport(false)
        .btree_map(".")
        .bytes(".")
        .out_dir(out)
        .compile_fds(files)?;
    Ok(())
}
RUST
(cd "$scratch" && cargo run --quiet -- "$here" "$scratch")
{
  printf '// Made by proto/make_code.sh. Do not edit.\n\n'
  cat "$scratch/inference.rs"
} > "$here/../src/protocols/inference/generated.rs"
rustfmt --edition 2024 "$here/../src/protocols/inference/generated.rs"
