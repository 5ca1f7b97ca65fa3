#!/usr/bin/env bash
# Guess: where Pgpool-II balances reads over a primary and a standby, `SELECT pg_is_in_recovery()` tells on which of them this
#   session's SELECTs are read, so that a program can refuse to read from a standby that lags.
# What happens: the function is volatile, so Pgpool-II takes a SELECT that calls it for a write and sends it to the primary, always.
#   It answers "f" while every plain SELECT of the same session is read from the standby. The same holds for
#   `pg_last_wal_replay_lsn()`, the usual measure of the lag, which is NULL then. `current_setting('port')`, which is stable, tells the
#   truth, and a SELECT behind `WITH x AS (UPDATE … WHERE FALSE)`, which writes nothing, goes to the primary.
# Version: Pgpool-II 4.3.5 and PostgreSQL 15.20 (Debian 12).
# Source: https://www.pgpool.net/docs/latest/en/html/runtime-config-load-balancing.html (write_function_list)
# Exits 1 if that changes. Needs Debian 12 and network access; installs nothing outside of its folder.
set -euo pipefail
folder=$(mktemp -d)
children=()
trap 'kill -INT "${children[@]}" 2> /dev/null || true; sleep 1; rm -rf "$folder"' EXIT
cd "$folder"
# apt fetches as another user, and PostgreSQL refuses to run as root.
chmod 777 .
run=()
(($(id -u))) || run=(setpriv --reuid=nobody --regid=nogroup --clear-groups --)

# What the two need beyond Debian's base system.
libraries=(libicu72 libldap-2.5-0 libllvm14 libmemcached11 libpgpool2 libpq5 libsasl2-2 libxml2 libxslt1.1)
apt-get download -qq postgresql-15=15.20-0+deb12u1 postgresql-client-15=15.20-0+deb12u1 pgpool2=4.3.5-1+deb12u1 "${libraries[@]}" > /dev/null
for file in ./*.deb; do dpkg -x "$file" root; done
export LD_LIBRARY_PATH=$folder/root/usr/lib/x86_64-linux-gnu
bin=$folder/root/usr/lib/postgresql/15/bin

port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
primary=$(port) standby=$(port) pool=$(port)
start() { # folder port
    "${run[@]}" "$bin/postgres" -D "$1" -p "$2" -h 127.0.0.1 -k '' > "$1.log" 2>&1 &
    children+=($!)
    until ask "$2" 'SELECT 1' > /dev/null 2>&1; do sleep 0.2; done
}
ask() { # port statement...
    local port=$1 statements=()
    shift
    for statement in "$@"; do statements+=(-c "$statement"); done
    "$bin/psql" -X -A -t -q -h 127.0.0.1 -p "$port" -U test postgres "${statements[@]}"
}

"${run[@]}" "$bin/initdb" -A trust -U test -D "$folder/primary" -L "$folder/root/usr/share/postgresql/15" > /dev/null
start "$folder/primary" "$primary"
ask "$primary" 'CREATE TABLE thing (a INT)'
"${run[@]}" "$bin/pg_basebackup" -h 127.0.0.1 -p "$primary" -U test -R -c fast -D "$folder/standby"
start "$folder/standby" "$standby"

cat > pgpool.conf << CONF
backend_clustering_mode = 'streaming_replication'
listen_addresses = '127.0.0.1'
port = $pool
socket_dir = '$folder'
pcp_listen_addresses = ''
pcp_socket_dir = '$folder'
wd_ipc_socket_dir = '$folder'
pid_file_name = '$folder/pid'
logdir = '$folder'
backend_hostname0 = '127.0.0.1'
backend_port0 = $primary
backend_weight0 = 0
backend_flag0 = 'ALWAYS_PRIMARY|DISALLOW_TO_FAILOVER'
backend_hostname1 = '127.0.0.1'
backend_port1 = $standby
backend_weight1 = 1
backend_flag1 = 'DISALLOW_TO_FAILOVER'
load_balance_mode = on
sr_check_period = 0
health_check_period = 0
num_init_children = 4
CONF
touch pcp.conf hba.conf
"${run[@]}" root/usr/sbin/pgpool -n -f "$folder/pgpool.conf" -F "$folder/pcp.conf" -a "$folder/hba.conf" > pgpool.log 2>&1 &
children+=($!)
until ask "$pool" 'SELECT 1' > /dev/null 2>&1; do sleep 0.2; done

root/usr/sbin/pgpool --version
"$bin/postgres" --version
read -r -d '' -a seen < <(ask "$pool" \
    "SELECT current_setting('port')" 'SELECT pg_is_in_recovery()' "SELECT coalesce(pg_last_wal_replay_lsn()::text, 'null')" \
    "SELECT current_setting('port')" \
    "WITH x AS (UPDATE thing SET a = a WHERE FALSE) SELECT current_setting('port')" && printf '\0')
echo "primary $primary, standby $standby; the session saw: ${seen[*]}"
[[ ${seen[*]} == "$standby f null $standby $primary" ]] || { echo "that has changed"; exit 1; }
