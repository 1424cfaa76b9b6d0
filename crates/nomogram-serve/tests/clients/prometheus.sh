#!/bin/sh
# Prometheus scrapes a service, and the alert fires after a unit slip. Needs `prometheus` and `promtool` on
# the PATH (Debian's package prometheus 2.42), curl and python3.
#
#     tests/clients/prometheus.sh 127.0.0.1:8000 examples/data/wdbc.csv
set -eu
address=$1
table=$2
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
prometheus_address=127.0.0.1:9099

promtool check rules "$here/../../monitoring/alert-rules.yml"
curl -sf "http://$address/metrics" > "$scratch/metrics"
# promtool checks the older text format; the metrics of the watch are the same in both.
grep -E 'nomogram_(drift|outcome|period|horizon)' "$scratch/metrics" | promtool check metrics

cat > "$scratch/prometheus.yml" <<YAML
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ["$here/../../monitoring/alert-rules.yml"]
scrape_configs:
  - job_name: nomogram
    static_configs: [{targets: ["$address"]}]
YAML
promtool check config "$scratch/prometheus.yml"
prometheus --config.file="$scratch/prometheus.yml" --storage.tsdb.path="$scratch/data" \
    --web.listen-address="$prometheus_address" --log.level=error &
prometheus=$!
trap 'kill $prometheus; rm -r "$scratch"' EXIT

python3 "$here/slip.py" "$address" "$table" "$prometheus_address"
