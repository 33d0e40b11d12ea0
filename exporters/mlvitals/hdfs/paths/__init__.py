"""Watched paths: how new, how large and how close to their quotas folders and files on HDFS are, over WebHDFS."""
