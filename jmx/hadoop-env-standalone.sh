# For the end of $HADOOP_CONF_DIR/hadoop-env.sh: JMX with a password, on loopback, for a jmx_exporter beside the daemon.
# Two files belong to the daemons' user and have mode 600; Java does not start with a password that others can read. In
# jmxremote.password stands `vitals` and the password, in jmxremote.access `vitals readonly`: who may write can call what
# MBeans do. `hdfs namenode -format` and the like end at once while the daemon runs, as its JMX port is taken.
JMX_SECRETS=${JMX_SECRETS:-/etc/hadoop/jmx}

jmx_remote() { # VARIABLE PORT
  local jmx=com.sun.management.jmxremote
  [[ ${!1:-} == *"$jmx"* ]] || export "$1=${!1:-} -Djava.rmi.server.hostname=127.0.0.1 -D$jmx.host=127.0.0.1 \
-D$jmx.port=$2 -D$jmx.rmi.port=$2 -D$jmx.ssl=false -D$jmx.authenticate=true \
-D$jmx.password.file=$JMX_SECRETS/jmxremote.password -D$jmx.access.file=$JMX_SECRETS/jmxremote.access"
}

jmx_remote HDFS_NAMENODE_OPTS 8004
jmx_remote HDFS_DATANODE_OPTS 8006
jmx_remote HDFS_JOURNALNODE_OPTS 8008
