create subscription letters connection 'host=nowhere.invalid dbname=y' publication a, b with (connect = false, slot_name = none, binary = true, synchronous_commit = 'local');
