"""Real S3 servers for the tests, each a process of its own: rclone's and Ceph's."""
