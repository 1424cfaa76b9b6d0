#!/bin/sh
# Five persons register, review and use a model; an auditor checks them. Needs `nomogram` and `openssl`.
#
#   examples/registry/demo.sh BUNDLE
set -eu
bundle=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export NOMOGRAM_REGISTRY="$folder/models" NOMOGRAM_REGISTRY_INDEX="$folder/index.sqlite"

for person in olga tara ana ben; do
    openssl genpkey -algorithm ed25519 -out "$person.key"
    chmod 600 "$person.key"
    openssl pkey -in "$person.key" -pubout -out "$person.pub"
done

# Not among what a command prints: the checkpoint is kept in a file.
say() { printf '\n$ nomogram registry %s\n' "$*" >&2; }
as() {
    actor=$1
    shift
    say "$@" "   # $actor"
    NOMOGRAM_KEY="$folder/$actor.key" nomogram registry "$@"
}
look() {
    say "$@"
    nomogram registry "$@"
}

as olga init registry.clinic.example/risk --person olga
as olga person tara --role trainer
as olga add-key tara tara.pub
for person in ana ben; do
    as olga person "$person" --role approver
    as olga add-key "$person" "$person.pub"
done

cp "$bundle" risk.nomo
as tara register risk risk.nomo --reason "trained on 2025"
as ana approve risk@1 --reason "checked on ward 3"
# One approval is not enough.
as ana move risk@1 approved && exit 1
as ben approve risk@1
as ana move risk@1 approved
as ana alias risk@1 champion

look pull risk@champion -o pulled.nomo
cmp risk.nomo pulled.nomo
look show risk@champion
look history risk

as olga checkpoint >kept.checkpoint
look prove 9 -o approval.tlog-proof
look verify-proof approval.tlog-proof --public-key olga.pub
look audit --checkpoint kept.checkpoint

as ben revoke risk@1 --reason "unit of creatinine"
look pull risk@champion -o pulled.nomo && exit 1
echo
echo "refused, as it should be"
