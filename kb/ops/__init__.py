"""Running a site: metrics, probes, logs, replicas, backups and the doctor."""
