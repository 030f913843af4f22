#!/usr/bin/env bash
# Prints the HMAC-SHA256 of its input: openssl-hmac.sh KEYFILE < MESSAGE
# `openssl dgst -macopt` would show the key to all who can list processes. So this computes RFC 2104 with OpenSSL's SHA-256, and
# the key passes through pipes alone. It takes keys up to 64 bytes, the block size of SHA-256.
set -euo pipefail
key=$1
length=$(wc -c < "$key")
[ "$length" -le 64 ] || { echo "$key is longer than 64 bytes. Use a shorter key." >&2; exit 1; }
# The bytes of the key, each combined with $1, up to the block size.
pad() {
  for byte in $(od -An -v -tx1 "$key"); do printf "\\x$(printf %02x $((0x$byte ^ $1)))"; done
  for ((i = length; i < 64; i++)); do printf "\\x$(printf %02x $(($1)))"; done
}
{ pad 0x5c; { pad 0x36; cat; } | openssl dgst -sha256 -binary; } | openssl dgst -sha256 -r | cut -c 1-64
