create schema code;
