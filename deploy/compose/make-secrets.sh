#!/bin/sh
# Makes every secret that compose.yaml names, where there is none yet: 32 random bytes each, in secrets/.
# The folder is yours alone; its files can be read by whoever may enter it, for containers run as other users.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets tls
for name in backup_key grafana_password maqsam_token service_secret storage_password tokens_secret; do
    [ -s "secrets/$name" ] || openssl rand -hex 32 > "secrets/$name"
    chmod 0444 "secrets/$name"
done
# The key of what callers say, as `hatif privacy key` makes one: its name, and 32 bytes in base64.
[ -s secrets/privacy_key ] || echo "compose:$(openssl rand -base64 32)" > secrets/privacy_key
chmod 0444 secrets/privacy_key
echo "secrets/ is complete. Maqsam gives you its own token: write it into secrets/maqsam_token, or give them ours."
