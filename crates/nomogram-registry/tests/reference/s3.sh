#!/bin/sh
# Eight writers, a pull and a writer that is killed, in a bucket of moto[server] 5.2.5 (PyPI), in a throw-away environment.
#
#   crates/nomogram-registry/tests/reference/s3.sh
set -eu
folder=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server"; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'moto[server]==5.2.5'
port=${PORT:-5566}
"$folder/venv/bin/moto_server" -H 127.0.0.1 -p "$port" >"$folder/moto.log" 2>&1 &
server=$!
export AWS_ENDPOINT_URL="http://127.0.0.1:$port" AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    curl --silent --fail --request PUT "$AWS_ENDPOINT_URL/registry" && break
    sleep 1
done
export NOMOGRAM_TEST_BUCKET=s3://registry
cargo test -p nomogram-registry --features s3 --test integration -- --ignored in_a_bucket
# A writer that is killed at every packet that it sends, and at every write to its index.
cargo build -p nomogram-registry --features s3 --example writer
CALLS="sendto,sendmsg,writev,write pwrite64 fdatasync,fsync" \
    "$(dirname "$0")/kills.sh" "${CARGO_TARGET_DIR:-target}/debug/examples/writer" s3://registry/kills
