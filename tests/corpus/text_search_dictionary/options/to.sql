create text search dictionary stems (template = snowball, language = 'german');
create text search configuration pages (copy = simple);
alter text search configuration pages alter mapping for word with stems;
