"""When the alerts about watched paths fire and when not."""

from __future__ import annotations

from tests.alerts.cases import TARGET, Firing, Silent, series

HOUR = 3600
DAY = 24 * HOUR
TERA = 10**12
HDFS = {**TARGET, "exporter": "prod", "exporter_type": "hdfs"}
TRAIN = {**HDFS, "path": "/data/train"}
Value = float | str
Series = dict[str, str]


def of(metric: str, value: Value, /, **labels: str) -> Series:
    """One series of the path `/data/train`."""
    return series(TRAIN, f"hdfs_path_{metric}", value, **labels)


def fresh(newest: Value, within: float = DAY) -> Series:
    """A path whose newest file is so old, with an objective."""
    objective = of("fresh_objective_seconds", within)
    return {**of("exists", 1), **of("newest_modification_timestamp_seconds", newest), **objective}


def space(used: float, quota: float) -> Series:
    """Bytes used of a quota."""
    return {**of("space_consumed_bytes", used), **of("space_quota_bytes", quota)}


def names(files: Value, directories: float, quota: float) -> Series:
    """Names used of a quota."""
    return {**of("files", files), **of("directories", directories), **of("name_quota", quota)}


PATTERN = {**HDFS, "pattern": "/models/*/latest"}
EMPTY = {**of("exists", 1), **of("fresh_objective_seconds", DAY)}
LIMIT = of("failure", 1, reason="limit")

CASES = (
    Firing(
        "HdfsPathStale",
        fresh(-DAY - HOUR),
        TRAIN,
        "prod: path /data/train: the newest file is 1d 1h 15m 0s old, objective 1d 0h 0m 0s.",
    ),
    Firing("HdfsPathStale", EMPTY, TRAIN, "prod: path /data/train: there is no file, objective 1d 0h 0m 0s."),
    Silent("HdfsPathStale", "a new file every hour", fresh("-3600x59 3600x600", 2 * HOUR)),
    Silent("HdfsPathStale", "no objective", of("newest_modification_timestamp_seconds", -900 * DAY)),
    Silent("HdfsPathStale", "there are too many files to tell", {**EMPTY, **LIMIT}),
    Silent("HdfsPathStale", "it is not there", {**EMPTY, **of("exists", 0)}),
    Silent("HdfsPathStale", "files are replaced at the first look", {
        **EMPTY, **of("newest_modification_timestamp_seconds", "60x9 _x10 600x600")
    }),
    Firing("HdfsPathMissing", of("exists", "1x9 0x600"), TRAIN, "prod: path /data/train is not there.", since="10m"),
    Silent("HdfsPathMissing", "it is there", of("exists", 1)),
    Silent("HdfsPathMissing", "a job writes it anew", of("exists", "1x9 0x9 1x600")),
    Silent("HdfsPathMissing", "HDFS cannot be read", of("exists", "1x9 stale")),
    Firing(
        "HdfsPathNearQuota",
        space(0.95 * TERA, TERA),
        {**TRAIN, "quota": "space"},
        "prod: path /data/train: 95% of its space quota are used, expected at most 90%.",
    ),
    Firing(
        "HdfsPathNearQuota",
        {**names(900, 99, 1000), **space(0.5 * TERA, TERA)},
        {**TRAIN, "quota": "name"},
        "prod: path /data/train: 99.9% of its name quota are used, expected at most 90%.",
    ),
    Silent("HdfsPathNearQuota", "all of it is used: HdfsPathQuotaFull says it", names(900, 150, 1000)),
    Firing(
        "HdfsPathQuotaFull",
        {**names(900, 150, 1000), **space(0.5 * TERA, TERA)},
        {**TRAIN, "quota": "name"},
        "prod: path /data/train: 105% of its name quota are used: nothing can be written.",
    ),
    Firing(
        "HdfsPathQuotaFull",
        {**names(900, 99, 1000), **space(TERA, TERA)},
        {**TRAIN, "quota": "space"},
        "prod: path /data/train: 100% of its space quota are used: nothing can be written.",
    ),
    Silent("HdfsPathQuotaFull", "nearly all is used", {**names(900, 99, 1000), **space(0.95 * TERA, TERA)}),
    Silent("HdfsPathQuotaFull", "a quota of nothing", {**names(1, 1, 0), **space(0, 0)}),
    Silent("HdfsPathQuotaFull", "it is made room at once", names("900x5 1000x5 900x600", 0, 1000)),
    Silent("HdfsPathNearQuota", "there is room", {**names(800, 100, 1000), **space(0.9 * TERA, TERA)}),
    Silent("HdfsPathNearQuota", "no quota", {**of("files", 9e9), **of("directories", 1), **of(
        "space_consumed_bytes", 9e15
    )}),
    Silent("HdfsPathNearQuota", "a quota of nothing", {**names(1, 1, 0), **space(0, 0)}),
    Firing(
        "HdfsPathUnreadable",
        of("failure", 1, reason="auth"),
        TRAIN,
        "prod: path /data/train cannot be read, or not wholly, reason: auth.",
    ),
    Silent("HdfsPathUnreadable", "it is read", of("exists", 1)),
    Firing(
        "HdfsPathUnmatched",
        series(PATTERN, "hdfs_path_pattern_matches", "2x59 0x600"),
        PATTERN,
        "prod: the pattern /models/*/latest matches nothing.",
        since="1h",
    ),
    Silent("HdfsPathUnmatched", "something matches", series(PATTERN, "hdfs_path_pattern_matches", 1)),
)  # fmt: skip
