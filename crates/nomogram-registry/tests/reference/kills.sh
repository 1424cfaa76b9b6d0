#!/bin/sh
# Kills a writer at every system call that changes the disk, in turn, and audits what is left. The writer
# registers a version and publishes a checkpoint. strace counts the calls of each thread, so the writer
# has one thread on a disk.
#
# Needs strace. Shows what the death of a process leaves, not a loss of power.
#
#   cargo build -p nomogram-registry --example writer
#   crates/nomogram-registry/tests/reference/kills.sh target/debug/examples/writer
#
# In a bucket, whose environment is set as in s3.sh, the calls are those of the network and of the index:
#
#   CALLS="sendto,writev,write pwrite64 fdatasync" kills.sh target/debug/examples/writer s3://registry/kills
#
# After each kill: the log verifies for a newcomer and for the same client, what was acknowledged is
# there, nothing half-written is seen, and the next writer succeeds.
set -eu
writer=$(realpath "$1")
location=${2:-registry}
if ! command -v strace >/dev/null; then
    echo "skipped: strace is not installed"
    exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$writer" "$location" index.sqlite found
total=0 acknowledged=0
for call in ${CALLS:-write pwrite64 fsync fdatasync rename,renameat,renameat2 link,linkat}; do
    when=1
    while :; do
        text="killed at $call $when"
        status=0
        strace -f -qq -o strace.log -e "trace=$call" -e "inject=$call:signal=KILL:when=$when" \
            "$writer" "$location" index.sqlite register "$text" >answer 2>errors || status=$?
        newcomer=$("$writer" "$location" - audit "$text") || {
            echo "$text: a newcomer's audit failed"
            exit 1
        }
        client=$("$writer" "$location" index.sqlite audit "$text") || {
            echo "$text: the audit of the same client failed"
            exit 1
        }
        if [ "$newcomer" != "$client" ]; then
            echo "$text: a newcomer sees '$newcomer', the same client '$client'"
            exit 1
        fi
        if grep -q '^registered' answer; then
            acknowledged=$((acknowledged + 1))
            case "$newcomer" in
            *there) ;;
            *)
                echo "$text: an acknowledged act is lost"
                exit 1
                ;;
            esac
        fi
        # The command made fewer calls than that, and ended.
        if [ "$status" -eq 0 ]; then
            break
        fi
        # Any other failure is not a kill.
        if [ "$status" -ne 137 ]; then
            echo "$text: ended with $status"
            cat errors
            exit 1
        fi
        total=$((total + 1))
        when=$((when + 1))
    done
    echo "$call: killed at each of $((when - 1)) calls"
done
echo "$total kills, $acknowledged acknowledged acts, none lost; $("$writer" "$location" - audit none)"
