# For the end of $HADOOP_CONF_DIR/hadoop-env.sh: jmx_exporter inside of each daemon, on loopback.
# JMX_EXPORTER holds the jar and the configurations of this folder, which the daemons' user can read.
JMX_EXPORTER=${JMX_EXPORTER:-/opt/jmx_exporter}
JMX_AGENT=${JMX_AGENT:-$JMX_EXPORTER/jmx_prometheus_javaagent-1.0.1.jar}

jmx_agent() { # VARIABLE PORT CONFIGURATION
  # Hadoop reads this file more than once, and a JVM with the same agent twice does not start: its port is taken.
  [[ ${!1:-} == *"$JMX_AGENT"* ]] || export "$1=${!1:-} -javaagent:$JMX_AGENT=127.0.0.1:$2:$JMX_EXPORTER/$3"
}

jmx_agent HDFS_NAMENODE_OPTS 9404 namenode.yml
jmx_agent HDFS_DATANODE_OPTS 9405 datanode.yml
jmx_agent HDFS_JOURNALNODE_OPTS 9406 journalnode.yml
