create schema texts;
