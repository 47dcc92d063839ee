# Real services for the tests: private ports, own data folders, gone when the shell ends. Sourced by .ci/run.
# Under CI=true what is missing is installed as a Debian package; otherwise what is missing stays missing.

services="$(mktemp -d)"
chmod 755 "$services"

free_port() {
  node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

# Installs a package unless its program is there.
provide() {
  local program="$1" package="$2"
  if command -v "$program" >/dev/null || ls $program >/dev/null 2>&1; then return 0; fi
  if [ "${CI:-}" != true ]; then
    echo "services: $package is not installed; the tests that need it skip" >&2
    return 1
  fi
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$package" >/dev/null
}

start_redis() {
  provide redis-server redis-server || return 0
  local port
  port="$(free_port)"
  mkdir "$services/redis"
  redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$services/redis" \
    --daemonize yes --pidfile "$services/redis.pid" --logfile "$services/redis.log" >/dev/null
  for _ in $(seq 100); do
    if redis-cli -p "$port" ping >/dev/null 2>&1; then break; fi
    sleep 0.1
  done
  redis-cli -p "$port" ping >/dev/null
  export REDIS_URL="redis://127.0.0.1:$port"
}

# PostgreSQL refuses to run as root: then it runs as the user that its package made.
as_postgres() {
  if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

start_postgres() {
  provide '/usr/lib/postgresql/*/bin/initdb' postgresql || return 0
  local bin port
  bin="$(dirname "$(ls /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)")"
  port="$(free_port)"
  mkdir "$services/postgres"
  if [ "$(id -u)" -eq 0 ]; then chown postgres "$services/postgres"; fi
  as_postgres "$bin/initdb" -D "$services/postgres/data" -U postgres -A trust >/dev/null
  as_postgres "$bin/pg_ctl" -D "$services/postgres/data" -w -l "$services/postgres/log" \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off" start >/dev/null
  postgres_stop=("$bin/pg_ctl" -D "$services/postgres/data" -m immediate stop)
  export DATABASE_URL="postgres://postgres@127.0.0.1:$port/postgres"
}

# MariaDB stands for MySQL: the same protocol, and in every distribution.
start_mysql() {
  provide mariadbd mariadb-server || return 0
  local port
  port="$(free_port)"
  mkdir "$services/mysql"
  mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$services/mysql/data" \
    --auth-root-authentication-method=normal --skip-test-db >"$services/mysql.install" 2>&1 ||
    { echo "services: MariaDB could not be set up; the tests that need it skip" >&2; tail -n 5 "$services/mysql.install" >&2; return 0; }
  mariadbd --no-defaults --user="$(id -un)" --datadir="$services/mysql/data" --port="$port" \
    --bind-address=127.0.0.1 --socket="$services/mysql/socket" --pid-file="$services/mysql.pid" \
    --innodb-flush-log-at-trx-commit=0 >"$services/mysql/log" 2>&1 &
  for _ in $(seq 100); do
    if mariadb-admin --no-defaults -h127.0.0.1 -P"$port" -uroot ping >/dev/null 2>&1; then break; fi
    sleep 0.1
  done
  mariadb-admin --no-defaults -h127.0.0.1 -P"$port" -uroot ping >/dev/null 2>&1 ||
    { echo "services: MariaDB did not start; the tests that need it skip" >&2; tail -n 5 "$services/mysql/log" >&2; return 0; }
  export MYSQL_URL="mysql://root@127.0.0.1:$port"
}

stop_services() {
  if [ -n "${postgres_stop:-}" ]; then as_postgres "${postgres_stop[@]}" >/dev/null 2>&1 || true; fi
  if [ -f "$services/redis.pid" ]; then kill "$(cat "$services/redis.pid")" 2>/dev/null || true; fi
  if [ -f "$services/mysql.pid" ]; then kill "$(cat "$services/mysql.pid")" 2>/dev/null || true; fi
  rm -rf "$services"
}
