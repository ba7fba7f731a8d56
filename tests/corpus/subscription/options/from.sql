create subscription letters connection 'host=nowhere.invalid dbname=x' publication a with (connect = false, slot_name = none);
