create table boxes (w int, h int, area int);
