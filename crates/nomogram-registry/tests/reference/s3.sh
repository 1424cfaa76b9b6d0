#!/bin/sh
# The registry in a bucket of moto 5.2.5 (PyPI), in a throw-away environment: eight writers, a pull, a
# server that ignores the condition of writes, and a writer that is killed. `cargo xtask buckets` runs it.
#
#   crates/nomogram-registry/tests/reference/s3.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
servers=
trap 'test -z "$servers" || kill $servers; rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'moto[s3]==5.2.5' flask flask-cors
port=${PORT:-5566}
careless=$((port + 1))
"$folder/venv/bin/moto_server" -H 127.0.0.1 -p "$port" >"$folder/moto.log" 2>&1 &
servers=$!
"$folder/venv/bin/python" "$here/careless_s3.py" "$careless" "127.0.0.1:$port" >"$folder/careless.log" 2>&1 &
servers="$servers $!"
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1
# Through the second server: it answers once the first one does.
attempts=0
until curl --silent --fail --request PUT "http://127.0.0.1:$careless/registry" >"$folder/bucket.log"; do
    attempts=$((attempts + 1))
    if [ "$attempts" -eq 60 ]; then
        echo "the server did not start:"
        cat "$folder/moto.log" "$folder/careless.log"
        exit 1
    fi
    sleep 1
done
export NOMOGRAM_TEST_BUCKET=s3://registry
tests() {
    cargo test -p nomogram-registry --features s3 --test integration -- --ignored "$@"
}
export AWS_ENDPOINT_URL="http://127.0.0.1:$port"
tests in_a_bucket
AWS_ENDPOINT_URL="http://127.0.0.1:$careless" tests in_a_careless_bucket
cargo build -p nomogram-registry --features s3 --example writer
writer="${CARGO_TARGET_DIR:-target}/debug/examples/writer"
# Objects are encrypted with the owner's key, if the environment names one; readers need not name it.
AWS_SERVER_SIDE_ENCRYPTION=aws:kms AWS_SSE_KMS_KEY_ID=alias/owner "$writer" s3://registry/encrypted - found
curl --silent --fail --head --aws-sigv4 aws:amz:us-east-1:s3 --user test:test \
    "$AWS_ENDPOINT_URL/registry/encrypted/log/0000000000000000.json" |
    grep -i '^x-amz-server-side-encryption-aws-kms-key-id: .*alias/owner'
"$writer" s3://registry/encrypted - audit none
# A writer that is killed at every packet that it sends, and at every write to its index.
CALLS="sendto,sendmsg,writev write pwrite64 fdatasync,fsync" "$here/kills.sh" "$writer" s3://registry/kills
