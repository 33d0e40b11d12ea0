"""When the alerts about HDFS fire and when not, by the exporter of mlvitals and by jmx_exporter."""

from __future__ import annotations

from collections.abc import Mapping

from tests.alerts import hdfs_namenode_cases
from tests.alerts.cases import TARGET, Firing, Silent, series
from tests.alerts.hdfs_series import (
    DN1,
    GIB,
    HDFS,
    JN1,
    LIVE,
    NN1,
    NN2,
    NOT_SCRAPED,
    Series,
    Value,
    by_jmx,
    jmx,
    jmx_role,
    of,
    role,
)


def heap_by_jmx(daemon: str, values: str) -> Series:
    """The heap of a daemon by a jmx_exporter that answers all the time."""
    page = {"daemon": daemon, **by_jmx(daemon)}
    return {**series(HDFS, "up", 1, **page), **of("jvm_heap_used_bytes", values, service="JournalNode", **page)}


def total(value: Value, name: str, alert: str, text: str, more: Series) -> tuple[Firing | Silent, ...]:
    """Of a total that should be 0: it fires by either way, and only for the active NameNode."""
    firing = {**role("active"), **role("standby", NN2), **of(name, value), **more}
    # A standby reports old totals, other ones or none.
    both = {**jmx_role("active"), **jmx_role("standby", NN2), **jmx(name, value), **jmx(name, value, daemon=NN2)}
    both |= {key.replace(INSTANCE, 'instance="nn1:9404"').replace(JOB, 'job="hdfs"'): v for key, v in more.items()}
    labels = {**HDFS, "daemon": NN1}
    return (
        Firing(alert, firing, labels, text),
        Firing(alert, both, {**labels, **by_jmx(NN1)}, text),
        Silent(alert, "there is none", {**firing, **of(name, 0)}),
        Silent(alert, "only a standby says so", {**role("standby"), **of(name, value), **more}),
        Silent(alert, "there is one for a minute", {**role("active"), **of(name, "0x9 1 0x600"), **more}),
        Silent(alert, "nothing is said of the NameNode's state", of(name, value)),
    )


INSTANCE, JOB = f'instance="{TARGET["instance"]}"', f'job="{TARGET["job"]}"'
BLOCKS = of("namenode_blocks", 120)
DEAD = of("namenode_dead_datanodes", 1)
RPC = {"service": "NameNode", "port": "8020"}
HEAP = {"service": "NameNode"}


def capacity(remaining: Value, total_: Value = 100 * GIB) -> Series:
    """The capacity of the cluster of the active NameNode nn1, and what is left of it."""
    return {
        **role("active"),
        **of("namenode_capacity_bytes", total_),
        **of("namenode_capacity_remaining_bytes", remaining),
    }


def of_day(exporter: str, remaining: str, total_: str) -> Series:
    """What is left in a cluster, for longer than other cases look."""
    return {
        **of("namenode_ha_state", "1x2000", exporter=exporter, state="active"),
        **of("namenode_capacity_bytes", total_, exporter=exporter),
        **of("namenode_capacity_remaining_bytes", remaining, exporter=exporter),
    }


def shrinking(exporter: str, remaining: float, by: float) -> Series:
    """A cluster of 100 GiB that has less left each minute."""
    return of_day(exporter, f"{remaining}-{by}x2000", f"{100 * GIB}x2000")


def after_failover(one: Mapping[str, str], other: Mapping[str, str]) -> Series:
    """A cluster that has less left each minute, by the page of nn1 for ten hours, from then on by that of nn2."""
    found: Series = {}
    for daemon, page, there in ((NN1, one, "{}-{}x599 stale"), (NN2, other, "_x600 {}-{}x1400")):
        begin = 40 * GIB - (600 * GIB // 120 if daemon == NN2 else 0)
        labels = {"daemon": daemon, **page}
        found |= of("namenode_ha_state", there.format(1, 0), state="active", **labels)
        found |= of("namenode_capacity_bytes", there.format(100 * GIB, 0), **labels)
        found |= of("namenode_capacity_remaining_bytes", there.format(begin, GIB // 120), **labels)
    return found


def journals(*values: str) -> Series:
    """The last transactions of the JournalNodes jn1, jn2 and so on."""
    found: Series = {}
    for number, each in enumerate(values, 1):
        found |= of("journalnode_last_written_transaction_id", each, daemon=f"jn{number}:8480", journal="ns1")
    return found


def queue(wait: float, calls: str) -> Series:
    """How long calls wait at the NameNode, and how many there were."""
    return {
        **of("rpc_queue_mean_seconds", wait, **RPC),
        **of("rpc_calls_total", calls, **RPC),
        **of("rpc_call_queue_length", 70, **RPC),
        **of("rpc_processing_mean_seconds", 0.02, **RPC),
    }


def heap(used: Value, most: Value = 4 * GIB) -> Series:
    """The heap of the NameNode."""
    return {**of("jvm_heap_used_bytes", used, **HEAP), **of("jvm_heap_max_bytes", most, **HEAP)}


_TOTALS = (
    *total(
        6,
        "namenode_missing_blocks",
        "HdfsMissingBlocks",
        "prod: NameNode nn1:9870: 6 of 120 blocks have no readable replica, 2 of them in files that ask for one "
        "replica; 1 DataNodes are dead.",
        {**BLOCKS, **DEAD, **of("namenode_missing_replication_one_blocks", 2)},
    ),
    *total(
        6,
        "namenode_corrupt_blocks",
        "HdfsCorruptBlocks",
        "prod: NameNode nn1:9870: 6 of 120 blocks have a corrupt replica.",
        BLOCKS,
    ),
    *total(
        6,
        "namenode_under_replicated_blocks",
        "HdfsUnderReplicatedBlocks",
        "prod: NameNode nn1:9870: 6 of 120 blocks have fewer replicas than asked for; 4 are being replicated, "
        "1 DataNodes are dead.",
        {**BLOCKS, **DEAD, **of("namenode_pending_reconstruction_blocks", 4)},
    ),
    Silent(
        "HdfsUnderReplicatedBlocks",
        "they are replicated within the hour",
        {**role("active"), **of("namenode_under_replicated_blocks", "0x9 6x50 0x600")},
    ),
    *total(
        2,
        "namenode_dead_datanodes",
        "HdfsDataNodesDead",
        "prod: NameNode nn1:9870: 2 DataNodes are dead, 3 are live.",
        LIVE,
    ),
    Firing(
        "HdfsDataNodesDead",
        {
            **role("active"),
            **LIVE,
            **of("namenode_dead_datanodes", 4),
            **of("namenode_decommissioned_dead_datanodes", 1),
            **of("namenode_in_maintenance_dead_datanodes", 2),
            **of("namenode_datanode_live", 0, datanode="dn7:9866"),
            **of("namenode_datanode_live", 1, datanode="dn8:9866"),
        },
        {**HDFS, "daemon": NN1},
        "prod: NameNode nn1:9870: 1 DataNodes are dead, 3 are live: dn7:9866 is dead.",
    ),
    Silent(
        "HdfsDataNodesDead",
        "it was taken out of service",
        {**role("active"), **DEAD, **of("namenode_decommissioned_dead_datanodes", 1)},
    ),
    *total(
        1,
        "namenode_stale_datanodes",
        "HdfsDataNodesStale",
        "prod: NameNode nn1:9870: 1 of 3 live DataNodes have sent no heartbeat for a while.",
        LIVE,
    ),
    *total(
        2,
        "namenode_failed_volumes",
        "HdfsVolumesFailed",
        "prod: NameNode nn1:9870: 2 volumes of DataNodes have failed, 2TiB of capacity are lost: 2 of dn1:9864.",
        {
            **of("namenode_estimated_capacity_lost_bytes", 2048 * GIB),
            **of("datanode_failed_volumes", 2, daemon=DN1),
            **of("datanode_failed_volumes", 0, daemon="dn2:9864"),
        },
    ),
)
_CAPACITY = (
    Firing(
        "HdfsCapacityLow",
        capacity(8 * GIB),
        {**HDFS, "daemon": NN1},
        "prod: NameNode nn1:9870: 8% of 100GiB are free, expected at least 10%.",
    ),
    Silent("HdfsCapacityLow", "enough is free", capacity(10 * GIB)),
    Silent("HdfsCapacityLow", "the only DataNode is dead", capacity(0, 0)),
    Silent("HdfsCapacityLow", "a standby says so", {**capacity(8 * GIB), **role("standby")}),
    Firing(
        "HdfsCapacityPredicted",
        {
            **shrinking("prod", 40 * GIB, GIB // 120),
            **shrinking("of which nothing is written", 20 * GIB, 0),
            **shrinking("with room for long", 90 * GIB, GIB // 120),
            **of_day("whose only DataNode dies", f"{20 * GIB}x700 0x1300", f"{100 * GIB}x700 0x1300"),
            **of_day("made an hour before", f"_x720 {40 * GIB}-{GIB // 120}x1280", f"_x720 {100 * GIB}x1280"),
        },
        {**HDFS, "daemon": NN1},
        "prod: NameNode nn1:9870: 33.5% of 100GiB are free; as fast as in the last day, nothing is left in "
        "2d 19h 0m 0s, expected more than 4d.",
        since="12h",
    ),
    Firing(
        "HdfsCapacityPredicted",
        after_failover({}, {}),
        {**HDFS, "daemon": NN2},
        "prod: NameNode nn2:9870: 33.5% of 100GiB are free; as fast as in the last day, nothing is left in "
        "2d 19h 0m 0s, expected more than 4d.",
        since="12h",
    ),
    Firing(
        "HdfsCapacityPredicted",
        after_failover(by_jmx(NN1), by_jmx(NN2)),
        {**HDFS, **by_jmx(NN2), "daemon": NN2},
        "prod: NameNode nn2:9870: 33.5% of 100GiB are free; as fast as in the last day, nothing is left in "
        "2d 19h 0m 0s, expected more than 4d.",
        since="12h",
    ),
    Silent("HdfsCapacityPredicted", "there are two hours to look at", capacity(f"{30 * GIB}-{GIB // 5}x600")),
)
_DAEMONS = (
    Firing(
        "HdfsDaemonNotScraped",
        {**heap_by_jmx(DN1, "1e8x9 stale"), **series(HDFS, "up", "1x9 0x600", **by_jmx(DN1), daemon=DN1)},
        {**HDFS, **by_jmx(DN1), "daemon": DN1},
        "prod: dn1:9864 cannot be read by the jmx_exporter at dn1:9404: Prometheus cannot scrape it.",
        since="10m",
    ),
    Firing(
        "HdfsDaemonNotScraped",
        {**heap_by_jmx(JN1, "1e8x9 stale"), **of("jvm_heap_used_bytes", 1e8, service="JournalNode", daemon=JN1)},
        {**HDFS, **by_jmx(JN1), "daemon": JN1},
        "prod: jn1:8480 cannot be read by the jmx_exporter at jn1:9404: its page has nothing of the daemon.",
        since="10m",
        until="9h",
    ),
    Silent("HdfsDaemonNotScraped", "it is scraped", heap_by_jmx(JN1, "1e8x600")),
    Silent("HdfsDaemonNotScraped", "it starts anew", heap_by_jmx(JN1, "1e8x9 _x3 1e8x600")),
    Silent("HdfsDaemonNotScraped", "it is mlvitals that is not scraped", NOT_SCRAPED),
    Firing(
        "HdfsJournalNodeLagging",
        of("journalnode_lag_transactions", 2500, daemon=JN1, journal="ns1"),
        {**HDFS, "daemon": JN1, "journal": "ns1"},
        "prod: JournalNode jn1:8480 is 2.5k transactions behind the others in journal ns1, expected at most 1000.",
    ),
    Firing(
        "HdfsJournalNodeLagging",
        {
            **journals("0+600x600", "0+600x600", "0+600x9 5400x600"),
            # What it lacks it would have to hear of.
            **of("journalnode_lag_transactions", 0, daemon="jn3:8480", journal="ns1"),
        },
        {**HDFS, "daemon": "jn3:8480", "journal": "ns1"},
        "prod: JournalNode jn3:8480 is 4.2k transactions behind the others in journal ns1, expected at most 1000.",
        since="13m",
    ),
    Firing(
        "HdfsJournalNodeLagging",
        journals("5000+1x600", "-12345x600"),
        {**HDFS, "daemon": "jn2:8480", "journal": "ns1"},
        "prod: JournalNode jn2:8480 is 5.005k transactions behind the others in journal ns1, expected at most 1000.",
        since="2m",
    ),
    Silent(
        "HdfsJournalNodeLagging",
        "thousands of transactions a second, one daemon read half a minute after the other",
        journals("90000+180000x600", "0+180000x600"),
    ),
    Silent("HdfsJournalNodeLagging", "an edit log made anew", journals("90000x9 0x600", "90000x9 0x600")),
    Silent("HdfsJournalNodeLagging", "a little", of("journalnode_lag_transactions", 1000, daemon=JN1, journal="ns1")),
    Firing(
        "HdfsRpcQueueSlow",
        queue(0.25, "0+60x600"),
        {**HDFS, "daemon": NN1, **RPC},
        "prod: NameNode nn1:9870: calls to port 8020 wait 250ms on average, expected at most 100ms; 70 wait now, and "
        "processing one takes 20ms.",
        since="1m",
    ),
    Silent("HdfsRpcQueueSlow", "calls are taken up at once", queue(0.002, "0+60x600")),
    Silent("HdfsRpcQueueSlow", "the mean of the last call, long ago", queue(0.25, "60x600")),
    Firing(
        "HdfsHeapNearMaximum",
        heap(3.8 * GIB),
        {**HDFS, "daemon": NN1, **HEAP},
        "prod: NameNode nn1:9870: the heap was never below 95% of 4GiB within 15m, expected at most 90%.",
    ),
    Silent(
        "HdfsHeapNearMaximum", "garbage is collected", heap(" ".join(f"{3.8 * GIB:.0f}x8 {GIB}" for _ in range(13)))
    ),
    Silent("HdfsHeapNearMaximum", "the JVM knows no maximum", of("jvm_heap_used_bytes", 3 * GIB, **HEAP)),
    Silent("HdfsHeapNearMaximum", "a maximum of 0", heap(3 * GIB, 0)),
)
CASES = (*hdfs_namenode_cases.CASES, *_TOTALS, *_CAPACITY, *_DAEMONS)
