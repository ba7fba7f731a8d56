create schema texts;
create conversion texts.latin for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
comment on conversion texts.latin is 'Western';
