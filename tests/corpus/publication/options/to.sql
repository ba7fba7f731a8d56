create publication feed with (publish = 'insert, delete, truncate', publish_via_partition_root = true);
