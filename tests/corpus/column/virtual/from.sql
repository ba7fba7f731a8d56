create table boxes (w int, h int);
