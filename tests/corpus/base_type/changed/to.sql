create type seal;
create function seal_in(cstring) returns seal language internal immutable strict as 'textin';
create function seal_out(seal) returns cstring language internal immutable strict as 'textout';
create type seal (input = seal_in, output = seal_out, internallength = variable, storage = main, category = 'U');
