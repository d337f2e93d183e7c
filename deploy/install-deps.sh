#!/usr/bin/env bash
# Installs every Debian package that building, running and testing Verdict needs. Root or sudo; can be run again.
# usage: deploy/install-deps.sh [all|build|servers]     servers: for deploy/local (Kafka, Redis, Prometheus), in no other part
set -euo pipefail

build=(
  build-essential ca-certificates ccache cmake git ninja-build pkg-config
  libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc
  prometheus-cpp-dev libcivetweb-dev nlohmann-json3-dev librocksdb-dev librdkafka-dev libhiredis-dev libre2-dev libabsl-dev
  libcli11-dev libspdlog-dev libssl-dev libmimalloc-dev libnghttp2-dev zlib1g-dev tzdata
)
tests=(
  libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev
  clang clang-format clang-tidy libclang-rt-14-dev
  curl jq python3 python3-jsonschema python3-yaml sqlite3 prometheus redis-server
)
# What deploy/local starts; tests that need one of them say "skipped" without it.
servers=(default-jre-headless maven redis-server prometheus)

case "${1:-all}" in
  all) want=("${build[@]}" "${tests[@]}") ;;
  build) want=("${build[@]}") ;;
  servers) want=("${servers[@]}") ;;
  *) echo "usage: deploy/install-deps.sh [all|build|servers]" >&2; exit 2 ;;
esac

missing=()
for package in "${want[@]}"; do
  dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "install-deps: all ${#want[@]} packages are installed"
  exit 0
fi

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "install-deps: needs root or sudo to install: ${missing[*]}" >&2; exit 2; }
  sudo=(sudo)
fi
echo "install-deps: installing ${#missing[@]} packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -qq
# redis-server and prometheus come for their programs: no service is to start. Only where the machine has no policy of its own.
if [ ! -e /usr/sbin/policy-rc.d ]; then
  printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee /usr/sbin/policy-rc.d >/dev/null
  "${sudo[@]}" chmod 755 /usr/sbin/policy-rc.d
  trap '"${sudo[@]}" rm -f /usr/sbin/policy-rc.d' EXIT
fi
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "install-deps: done"
