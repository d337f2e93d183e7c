# One Kafka broker for up.sh, from its Maven jars: one JVM that is broker and controller; sourced.

kafka_cache=${XDG_CACHE_HOME:-$HOME/.cache}/verdict-kafka
kafka_heap=${VERDICT_KAFKA_HEAP:-512m}

# Fetches the jars once for all folders of this machine; later starts need no network.
kafka_jars() {
  command -v java >/dev/null || missing "kafka: java is not installed (deploy/install-deps.sh servers)"
  local key jars
  key=$(sha256sum "$here/pom.xml" | cut -c1-12)
  jars=$kafka_cache/$key
  mkdir -p "$kafka_cache"
  (
    flock -w 600 8 || die "another run fetches Kafka's jars for too long; see $kafka_cache"
    [ -e "$jars/complete" ] && exit 0
    command -v mvn >/dev/null || missing "kafka: its jars are not here yet and mvn is not installed (deploy/install-deps.sh servers)"
    say "fetching Kafka's jars into $jars"
    rm -rf "$jars"
    mkdir -p "$jars"
    mvn -B -q -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$jars" \
      >"$kafka_cache/maven.log" 2>&1 ||
      missing "kafka: Maven could not fetch its jars ($(grep -m 1 ERROR "$kafka_cache/maven.log" | cut -c1-160); all of it in $kafka_cache/maven.log)"
    touch "$jars/complete"
  ) 8>"$kafka_cache/lock" || exit $?
  kafka_classpath="$jars/*"
}

kafka_java() { java -XX:+UseSerialGC -Dlog4j.configuration="file:$here/log4j.properties" -cp "$kafka_classpath" "$@"; }

kafka_properties() {
  cat <<END
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:$1,CONTROLLER://127.0.0.1:$2
advertised.listeners=PLAINTEXT://127.0.0.1:$1
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:$2
log.dirs=$dir/kafka/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=1000
END
}

kafka_answers() { is_open "$1" && tail -c "+$kafka_log_from" "$dir/kafka/server.log" | grep -q 'Kafka Server started'; }

# kafka_topic NAME PARTITIONS [CONFIG...]
kafka_topic() {
  local name=$1 partitions=$2 config
  shift 2
  local options=()
  for config in "$@"; do options+=(--config "$config"); done
  kafka_java -Xmx128m -XX:TieredStopAtLevel=1 org.apache.kafka.tools.TopicCommand --bootstrap-server "127.0.0.1:$(port_of kafka)" \
    --create --if-not-exists --topic "$name" --partitions "$partitions" --replication-factor 1 "${options[@]}"
}

# The topics as verdictd wants them (R18): times stamped by the broker, deleted by age, seven days. For a replay: stamped by
# the producer, years ago, so never deleted by age.
kafka_topics() {
  local kept=retention.ms=604800000 stamp=LogAppendTime
  [ "$topics" != replay ] || kept=retention.ms=-1 stamp=CreateTime
  {
    kafka_topic transactions 8 message.timestamp.type=$stamp cleanup.policy=delete $kept
    kafka_topic decisions 8 cleanup.policy=delete $kept
    kafka_topic transactions.dead 1 cleanup.policy=delete $kept
  } >"$dir/kafka/topics.log" 2>&1 || { tail -n 5 "$dir/kafka/topics.log" >&2; die "kafka: the topics could not be made"; }
}

up_kafka() {
  kafka_jars
  local at controller
  at=$(choose_port kafka 9092)
  # The controller's port is nobody else's business; its quorum remembers none of it.
  controller=$(free_port)
  echo "$at" >"$dir/kafka/port"
  kafka_properties "$at" "$controller" >"$dir/kafka/server.properties"
  if [ ! -e "$dir/kafka/data/meta.properties" ]; then
    kafka_java -Xmx128m -XX:TieredStopAtLevel=1 kafka.tools.StorageTool format -t "$(kafka_cluster_id)" \
      -c "$dir/kafka/server.properties" >"$dir/kafka/format.log" 2>&1 ||
      { tail -n 5 "$dir/kafka/format.log" >&2; die "kafka: the data folder could not be made, see $dir/kafka/format.log"; }
  fi
  touch "$dir/kafka/server.log"
  kafka_log_from=$(($(stat -c %s "$dir/kafka/server.log") + 1))
  # It leaves the cores to what is measured beside it, as if it had a machine of its own: last in line for them, and
  # without its second compiler, which takes most of a core for half a minute after each start. Where each session has its
  # own share of the cores, which `nice` does not change, the share is what the autogroup says. A JVM that keeps figures for
  # others changes its folder for a moment as it starts, and by its folder pid_of knows it.
  local last_in_line='{ echo 19 >/proc/self/autogroup; } 2>/dev/null; exec nice -n 19 "$@"'
  start kafka sh -c "$last_in_line" sh java "-Xmx$kafka_heap" -XX:TieredStopAtLevel=1 -XX:-UsePerfData -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true \
    -Dlog4j.configuration="file:$here/log4j.properties" -cp "$kafka_classpath" kafka.Kafka server.properties
  await kafka 90 kafka_answers "$at"
  [ "$topics" = 0 ] || kafka_topics
}

# 16 random bytes as Kafka writes a UUID: base64url without its padding, no dash in front.
kafka_cluster_id() {
  local id=-
  while [[ $id == -* ]]; do id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '='); done
  echo "$id"
}
