create type seal;
